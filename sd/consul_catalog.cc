// SPDX-License-Identifier: Apache-2.0
#include "sd/consul_catalog.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sd/consul_error.h"
#include "sd/http_client.h"
#include "sd/internal/consul_api.h"
#include "sd/internal/consul_rules.h"
#include "sd/internal/consul_targets.h"

namespace prometheus_async::sd {
namespace {

constexpr std::size_t kMaxRequests = 64;

// What `parse` makes of an answer.
template <class Parse>
auto read(const std::string& purpose, Parse parse) {
  try {
    return parse();
  } catch (const std::exception&) {
    throw ConsulError(std::make_error_code(std::errc::bad_message),
                      absl::StrCat("cannot ", purpose, ": the answer is not as Consul has it"));
  }
}

// One call of groups().
class Inquiry {
 public:
  Inquiry(const asio::any_io_executor& executor, std::shared_ptr<const ConsulCatalogOptions> options)
      : options_(std::move(options)),
        client_(executor),
        api_(std::shared_ptr<const ConsulOptions>(options_, &options_->consul)),
        services_(options_->services) {}

  asio::awaitable<void> list_services() {
    if (!services_.empty()) co_return;
    const std::string purpose = "list the services";
    const std::string answer = co_await ask(purpose, "/v1/catalog/services", {});
    services_ = read(purpose, [&] { return internal::services_in(answer, options_->tags); });
  }

  // How many may share the rest of the work.
  std::size_t workers() const { return std::min(services_.size(), options_->max_requests); }

  // Asks for one service after another, those that no other worker has taken.
  asio::awaitable<void> work() {
    found_.resize(services_.size());
    while (next_ < services_.size()) {
      const std::size_t mine = next_++;
      const std::string purpose = absl::StrCat("list the instances of '", services_[mine], "'");
      std::string path = absl::StrCat("/v1/health/service/", internal::percent_encode(services_[mine]));
      const std::string answer = co_await ask(purpose, std::move(path), options_->tags);
      found_[mine] = read(purpose, [&] { return internal::instances_in(answer); });
    }
  }

  std::vector<TargetGroup> take() {
    std::vector<TargetGroup> all;
    for (std::vector<TargetGroup>& each : found_) {
      all.insert(all.end(), std::move_iterator(each.begin()), std::move_iterator(each.end()));
    }
    return all;
  }

 private:
  asio::awaitable<std::string> ask(std::string purpose, std::string path, std::vector<std::string> tags) {
    internal::ConsulCall call;
    call.path = std::move(path);
    call.query = "stale";
    if (!options_->datacenter.empty()) {
      absl::StrAppend(&call.query, "&dc=", internal::percent_encode(options_->datacenter));
    }
    for (const std::string& tag : tags) absl::StrAppend(&call.query, "&tag=", internal::percent_encode(tag));
    call.max_response_bytes = options_->max_response_bytes;
    HttpResponse response = co_await api_.perform(client_, purpose, std::move(call));
    if (response.status != 200) throw api_.refusal(purpose, response);
    co_return std::move(response.body);
  }

  const std::shared_ptr<const ConsulCatalogOptions> options_;
  HttpClient client_;
  internal::ConsulApi api_;
  std::vector<std::string> services_;
  std::vector<std::vector<TargetGroup>> found_;  // for each of services_
  std::size_t next_ = 0;
};

asio::awaitable<void> work(std::shared_ptr<Inquiry> inquiry) { co_await inquiry->work(); }

asio::awaitable<std::vector<TargetGroup>> inquire(std::shared_ptr<const ConsulCatalogOptions> options) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto inquiry = std::make_shared<Inquiry>(executor, std::move(options));
  co_await inquiry->list_services();
  const auto make_worker = [&] { return asio::co_spawn(executor, work(inquiry), asio::deferred); };
  std::vector<decltype(make_worker())> workers;
  for (std::size_t i = 0; i < inquiry->workers(); ++i) workers.push_back(make_worker());
  if (workers.empty()) co_return std::vector<TargetGroup>();
  auto group = asio::experimental::make_parallel_group(std::move(workers));
  const asio::experimental::wait_for_one_error until_one_fails;
  const auto [order, failures] = co_await group.async_wait(until_one_fails, asio::use_awaitable);
  for (const std::size_t each : order) {  // the first is what has cancelled the others
    if (failures[each]) std::rethrow_exception(failures[each]);
  }
  co_return inquiry->take();
}

void require(bool condition, const std::string& rule) {
  if (!condition) throw std::invalid_argument("Consul catalog: " + rule);
}

bool are_given(const std::vector<std::string>& all) {
  return std::none_of(all.begin(), all.end(), [](const std::string& each) { return each.empty(); });
}

}  // namespace

ConsulCatalog::ConsulCatalog(ConsulCatalogOptions options) {
  internal::check_connection(options.consul);
  require(are_given(options.services), "one of the services is empty");
  require(are_given(options.tags), "one of the tags is empty");
  require(options.max_response_bytes > 0, "max_response_bytes is 0");
  require(options.max_requests >= 1 && options.max_requests <= kMaxRequests,
          absl::StrCat("max_requests ", options.max_requests, " is not 1 to 64"));
  options_ = std::make_shared<const ConsulCatalogOptions>(std::move(options));
}

asio::awaitable<std::vector<TargetGroup>> ConsulCatalog::groups() const { return inquire(options_); }

}  // namespace prometheus_async::sd
