// SPDX-License-Identifier: Apache-2.0
//
// What it costs to find a route: the time of Router::match() for one request, with `routes` routes in the table.
//
// Shows: that it does not grow with the number of routes (1,000 against 10, of each kind of path), and what the worst
// templates and paths cost. Each request asks for another path, in an order without a pattern that is the same however
// many routes there are; so with more routes more of the table has to come from the cache, which is part of the cost.
// Cannot show: what a handler and its request cost, beside which this is little. Ratios within one run are meaningful.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "aio/web/router.h"
#include "benchmark/benchmark.h"

namespace prometheus_async::aio::web {
namespace {

Response hello(Request&) { return text("hello"); }

constexpr std::size_t kRequests = 4096;

// Of the same length for all.
std::string number(std::size_t i) {
  std::string digits = std::to_string(i);
  return std::string(4 - digits.size(), '0') + digits;
}

// Requests behind one another in one block, as they are in a connection's buffer.
class Requests {
 public:
  template <class MakePath>
  Requests(std::size_t routes, MakePath make_path) {
    std::vector<std::size_t> sizes;
    std::size_t state = 1;
    for (std::size_t i = 0; i < kRequests; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const std::string path = make_path((state >> 33) % routes);
      sizes.push_back(path.size());
      text_ += path;
    }
    std::string_view rest = text_;
    for (const std::size_t size : sizes) {
      paths_.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }

  std::string_view next() { return paths_[next_++ % kRequests]; }

 private:
  std::string text_;
  std::vector<std::string_view> paths_;
  std::size_t next_ = 0;
};

template <class MakePath>
void match_all(benchmark::State& state, const Router& router, std::size_t routes, MakePath make_path) {
  Requests requests(routes, make_path);
  for (std::size_t i = 0; i < kRequests; ++i) {
    if (router.match("GET", requests.next()).route == nullptr) return state.SkipWithError("no route");
  }
  for (auto _ : state) benchmark::DoNotOptimize(router.match("GET", requests.next()));
}

void BM_Match_Static(benchmark::State& state) {
  const auto routes = static_cast<std::size_t>(state.range(0));
  const auto path = [](std::size_t i) { return "/api/v1/resource" + number(i) + "/list"; };
  Router router;
  for (std::size_t i = 0; i < routes; ++i) router.add_get(path(i), hello);
  match_all(state, router, routes, path);
}
BENCHMARK(BM_Match_Static)->ArgName("routes")->Arg(10)->Arg(1000);

// Two texts, a name, a text, another name.
void BM_Match_Named(benchmark::State& state) {
  const auto routes = static_cast<std::size_t>(state.range(0));
  Router router;
  for (std::size_t i = 0; i < routes; ++i) router.add_get("/api/resource" + number(i) + "/{id:int}/of/{name}", hello);
  match_all(state, router, routes, [](std::size_t i) { return "/api/resource" + number(i) + "/12345/of/somebody"; });
}
BENCHMARK(BM_Match_Named)->ArgName("routes")->Arg(10)->Arg(1000);

// Half of the one, half of the other, and four methods for each path, as an API has them.
void BM_Match_Mixed(benchmark::State& state) {
  const auto routes = static_cast<std::size_t>(state.range(0));
  Router router;
  for (std::size_t i = 0; i < routes; i += 2) {
    for (const char* method : {"POST", "GET", "PUT", "DELETE"}) {
      router.add_route(method, "/api/thing" + number(i), hello);
      router.add_route(method, "/api/thing" + number(i + 1) + "/{id}", hello);
    }
  }
  match_all(state, router, routes, [](std::size_t i) {
    const std::string path = "/api/thing" + number(i);
    return i % 2 == 0 ? path : path + "/12345";
  });
}
BENCHMARK(BM_Match_Mixed)->ArgName("routes")->Arg(10)->Arg(1000);

void BM_Match_NotFound(benchmark::State& state) {
  const auto routes = static_cast<std::size_t>(state.range(0));
  Router router;
  for (std::size_t i = 0; i < routes / 2; ++i) {
    router.add_get("/api/resource" + number(i), hello);
    router.add_get("/api/resource" + number(i) + "/{id:int}", hello);
  }
  Requests requests(routes / 2, [](std::size_t i) { return "/api/resource" + number(i) + "/x"; });
  for (auto _ : state) benchmark::DoNotOptimize(router.match("GET", requests.next()));
}
BENCHMARK(BM_Match_NotFound)->ArgName("routes")->Arg(10)->Arg(1000);

// Every place has as many names as there may be, and the path's segment fits none but the last.
void BM_Match_WorstPlace(benchmark::State& state) {
  Router router;
  for (int i = 0; i < 31; ++i) router.add_get("/v" + std::to_string(i + 10) + "-{a}", hello);
  router.add_get("/{a}", hello);
  Requests requests(1, [](std::size_t) { return "/v99-something"; });
  for (auto _ : state) benchmark::DoNotOptimize(router.match("GET", requests.next()));
}
BENCHMARK(BM_Match_WorstPlace);

// The worst that templates can do: text or a name in each of `segments` places, all 2^segments of them, so that a path
// of these texts fits every one, and fails only behind the last place. Grows with the number of such templates, since
// it looks at each once, and not further.
void BM_Match_WorstOverlap(benchmark::State& state) {
  const auto segments = static_cast<std::size_t>(state.range(0));
  Router router;
  std::string path;
  for (std::size_t i = 0; i < segments; ++i) path += "/x";
  for (std::size_t bits = 0; bits < (std::size_t{1} << segments); ++bits) {
    std::string route;
    for (std::size_t i = 0; i < segments; ++i) route += (bits >> i & 1) != 0 ? "/x" : "/{n" + std::to_string(i) + "}";
    router.add_get(route + "/{end:int}", hello);
  }
  path += "/y";
  for (auto _ : state) benchmark::DoNotOptimize(router.match("GET", path));
  state.counters["templates"] = static_cast<double>(std::size_t{1} << segments);
}
BENCHMARK(BM_Match_WorstOverlap)->ArgName("segments")->DenseRange(1, 7, 3);

// A path of 8 KiB against templates that take any of it.
void BM_Match_LongPath(benchmark::State& state) {
  Router router;
  router.add_get("/{a:[^.]+}/{b}", hello);
  router.add_get("/{tail:.*}", hello);
  const std::string path = "/" + std::string(8000, 'a') + "%25";
  for (auto _ : state) benchmark::DoNotOptimize(router.match("GET", path));
}
BENCHMARK(BM_Match_LongPath);

}  // namespace
}  // namespace prometheus_async::aio::web
