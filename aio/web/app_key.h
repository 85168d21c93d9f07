// SPDX-License-Identifier: Apache-2.0
//
// Typed places for what an application, or a request, shares between its handlers: no strings to mistype, no casts, no
// globals.
//
//   inline const web::AppKey<Database> kDatabase("database");
//
//   app.set(kDatabase, Database("orders"));
//   app.router().add_get("/", [](web::Request& request) {
//     return web::text(request.app().get(kDatabase).name());
//   });
#ifndef PROMETHEUS_ASYNC_AIO_WEB_APP_KEY_H_
#define PROMETHEUS_ASYNC_AIO_WEB_APP_KEY_H_

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::aio::web {

// The key is the object itself, not its name: two keys of one name are two. Lives as long as what it is used in: make
// it `inline const`, or static.
template <class T>
class Key {
 public:
  // `name` is for messages, and outlives the key.
  constexpr explicit Key(std::string_view name) : name_(name) {}

  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

// Of an application: aiohttp's web.AppKey. Of a request: aiohttp's web.RequestKey.
template <class T>
using AppKey = Key<T>;
template <class T>
using RequestKey = Key<T>;

// Values by their keys. A handful: lookups are linear. Addresses of values stay, until the key is set again.
class KeyedValues {
 public:
  // In place of an earlier value.
  template <class T>
  T& set(const Key<T>& key, T value) {
    auto made = std::make_shared<T>(std::move(value));
    T& result = *made;
    for (auto& [known, old] : values_) {
      if (known == &key) {
        old = std::move(made);
        return result;
      }
    }
    values_.emplace_back(&key, std::move(made));
    return result;
  }

  // Null without one.
  template <class T>
  T* find(const Key<T>& key) const {
    return static_cast<T*>(find_untyped(&key));
  }
  void* find_untyped(const void* key) const {
    for (const auto& [known, value] : values_) {
      if (known == key) return value.get();
    }
    return nullptr;
  }

 private:
  std::vector<std::pair<const void*, std::shared_ptr<void>>> values_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_APP_KEY_H_
