// SPDX-License-Identifier: Apache-2.0
//
// The examples of sd's headers and of docs/howto/discovery.md, word for word: compiled here, and run where that needs
// no agent. The last tests hold them against the originals.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_sd.h"
#include "aio/web/metrics_server.h"
#include "aio/web/testing/in_memory_client.h"
#include "sd/composite_discovery.h"
#include "sd/consul_agent.h"
#include "sd/consul_catalog.h"
#include "sd/consul_error.h"
#include "sd/consul_options.h"
#include "sd/deregister_within.h"
#include "sd/endpoint.h"
#include "sd/file_discovery.h"
#include "sd/http_client.h"
#include "sd/service_discovery.h"
#include "sd/target_directory.h"
#include "sd/target_group.h"
#include "tests/testing/child_process.h"
#include "tests/testing/run.h"
#include "tests/testing/scripted_http_server.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace web = aio::web;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- The headers.

TEST(Examples, Endpoint) {
  const sd::Endpoint endpoint{.address = "::", .port = 9100};
  endpoint.is_wildcard();  // true
  endpoint.url();          // "http://[::1]:9100/metrics"
  EXPECT_TRUE(endpoint.is_wildcard());
  EXPECT_EQ(endpoint.url(), "http://[::1]:9100/metrics");
}

TEST(Examples, TargetGroup) {
  const sd::Endpoint endpoint{.address = "10.0.0.5", .port = 9100};
  sd::to_json({sd::target_group(endpoint, {{"team", "pay"}})});
  // [{"targets":["10.0.0.5:9100"],"labels":{"__metrics_path__":"/metrics","__scheme__":"http","team":"pay"}}]
  EXPECT_EQ(
      sd::to_json({sd::target_group(endpoint, {{"team", "pay"}})}),
      R"([{"targets":["10.0.0.5:9100"],"labels":{"__metrics_path__":"/metrics","__scheme__":"http","team":"pay"}}])");
}

std::vector<std::string> announced;

asio::awaitable<void> announce(std::string url) {
  announced.push_back(std::move(url));
  co_return;
}

asio::awaitable<void> withdraw(std::string url) {
  std::erase(announced, url);
  co_return;
}

struct Announce {
  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint& endpoint) {
    co_await announce(endpoint.url());
    co_return [endpoint]() -> asio::awaitable<void> { co_await withdraw(endpoint.url()); };
  }
};

TEST(Examples, ServiceDiscovery) {
  sd::ServiceDiscovery discovery = Announce{};
  asio::io_context context;
  const sd::Deregister deregister = testing::run(context, discovery.enroll({.address = "127.0.0.1", .port = 1}));
  EXPECT_THAT(announced, ElementsAre("http://127.0.0.1:1/metrics"));
  testing::run(context, deregister());
  EXPECT_THAT(announced, IsEmpty());
}

TEST(Examples, CompositeDiscovery) {
  const sd::ConsulAgent consul({});
  const sd::TargetDirectory directory;
  const sd::FileDiscovery files({.folder = "/nowhere"});
  sd::ServiceDiscovery all = sd::composite({consul, files, directory});
  EXPECT_TRUE(all);
}

TEST(Examples, FileDiscovery) {
  sd::FileDiscovery files({.folder = "/etc/prometheus/targets", .labels = {{"team", "pay"}}});
  web::StartOptions options{.port = 9100, .service_discovery = files};
  EXPECT_TRUE(options.service_discovery);
}

TEST(Examples, TargetDirectory) {
  web::Application app;
  sd::TargetDirectory directory;
  web::StartOptions options{.port = 9100, .service_discovery = directory};
  app.router().add_get("/targets", web::http_sd(directory));
  web::testing::InMemoryClient client(std::move(app));
  EXPECT_EQ(client.get("/targets").body, "[]");
}

TEST(Examples, ConsulCatalog) {
  web::Application app;
  sd::ConsulCatalog catalog({.consul = sd::ConsulOptions::from_env(), .tags = {"prometheus"}});
  app.router().add_get("/targets", web::http_sd(catalog));
  app.freeze();
}

TEST(Examples, ConsulOptions) {
  sd::ConsulOptions options = sd::ConsulOptions::from_env();  // CONSUL_HTTP_ADDR and its like
  options.name = "checkout";
  options.check = sd::ConsulTtlCheck{.ttl = std::chrono::seconds(30)};
  sd::ConsulAgent agent(options);
}

[[maybe_unused]] asio::awaitable<void> consul_agent(std::string token, sd::Endpoint endpoint) {
  sd::ConsulAgent agent({.name = "checkout", .tags = {"blue"}, .token = token});
  sd::Deregister deregister = co_await agent.enroll(endpoint);
  co_await deregister();
}

[[maybe_unused]] asio::awaitable<void> close(sd::Deregister deregister) {
  co_await sd::deregister_within(std::chrono::seconds(5), deregister);
}

void explain_tokens() {}

[[maybe_unused]] asio::awaitable<void> consul_error(sd::ConsulAgent agent, sd::Endpoint endpoint) {
  sd::Deregister deregister;
  try {
    deregister = co_await agent.enroll(endpoint);
  } catch (const sd::ConsulError& error) {
    if (error.code() == std::error_code(403, sd::http_status_category())) explain_tokens();
  }
}

[[maybe_unused]] asio::awaitable<std::string> leader() {
  sd::HttpClient client(co_await asio::this_coro::executor);
  sd::HttpRequest request{.url = "http://127.0.0.1:8500/v1/status/leader"};
  sd::HttpResponse response = co_await client.perform(std::move(request));
  co_return response.status == 200 ? response.body : "none";
}

// --- docs/howto/discovery.md.

[[maybe_unused]] asio::awaitable<web::MetricsHTTPServer> start_with_files(std::string folder) {
  sd::FileDiscovery files({.folder = folder, .labels = {{"team", "pay"}}});
  web::StartOptions options{.port = 9100, .service_discovery = files};
  web::MetricsHTTPServer server = co_await web::start_http_server(std::move(options));
  co_return server;
}

void show_targets(web::Application& app, const sd::TargetDirectory& directory) {
  app.router().add_get("/targets", web::http_sd(directory));
}

void show_consul(web::Application& app) {
  const sd::ConsulCatalog catalog({.consul = sd::ConsulOptions::from_env(), .tags = {"prometheus"}});
  app.router().add_get("/targets", web::http_sd(catalog));
}

sd::ServiceDiscovery everywhere(const std::string& folder) {
  const sd::ConsulAgent consul(sd::ConsulOptions::from_env());
  const sd::FileDiscovery files({.folder = folder});
  return sd::composite({consul, files});
}

// Tells a registry that takes a PUT for each server, and a DELETE when it goes.
struct Phonebook {
  std::string url;

  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint& endpoint) {
    co_await send("PUT", endpoint.url());
    co_return [this, target = endpoint.url()] { return send("DELETE", target); };
  }

  asio::awaitable<void> send(std::string method, std::string target) {
    sd::HttpClient client(co_await asio::this_coro::executor);
    sd::HttpRequest request{.method = std::move(method), .url = url, .body = std::move(target)};
    const sd::HttpResponse response = co_await client.perform(std::move(request));
    if (response.status != 200) throw std::runtime_error("phonebook: status " + std::to_string(response.status));
  }
};

TEST(Howto, OneOfYourOwn) {
  asio::io_context context;
  testing::ScriptedHttpServer registry(context);
  const sd::ServiceDiscovery discovery = Phonebook{registry.url() + "/servers"};
  const sd::Deregister deregister = testing::run(context, discovery.enroll({.address = "127.0.0.1", .port = 1}));
  testing::run(context, deregister());
  ASSERT_EQ(registry.requests().size(), 2u);
  EXPECT_EQ(registry.requests()[0].method, "PUT");
  EXPECT_EQ(registry.requests()[0].body, "http://127.0.0.1:1/metrics");
  EXPECT_EQ(registry.requests()[1].method, "DELETE");
  EXPECT_EQ(registry.requests()[1].body, "http://127.0.0.1:1/metrics");

  registry.answer(testing::Answer::status(507));
  EXPECT_THROW(testing::run(context, discovery.enroll({.address = "127.0.0.1", .port = 1})), std::runtime_error);
}

TEST(Howto, Pages) {
  web::Application app;
  show_targets(app, sd::TargetDirectory());
  web::testing::InMemoryClient client(std::move(app));
  EXPECT_EQ(client.get("/targets").body, "[]");
  web::Application other;
  show_consul(other);
  EXPECT_TRUE(everywhere("/nowhere"));
}

// --- Held against the originals.

std::string read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string trimmed(const std::string& line) { return std::string(absl::StripAsciiWhitespace(line)); }

// The lines of code in the comment that a header begins with, without indentation.
std::vector<std::string> example_in(const std::string& header) {
  std::vector<std::string> code;
  for (const std::string& line : lines_of(header)) {
    if (line.starts_with("#ifndef")) break;
    const std::string text = line.starts_with("//     ") ? trimmed(line.substr(2)) : "";
    if (!text.empty() && text != "...") code.push_back(text);
  }
  return code;
}

// What stands between fences of that language, a string a block.
std::vector<std::string> blocks_in(const std::string& text, const std::string& language) {
  std::vector<std::string> blocks;
  bool is_inside = false;
  for (const std::string& line : lines_of(text)) {
    if (is_inside && line == "```") {
      is_inside = false;
    } else if (is_inside) {
      blocks.back() += line + "\n";
    } else if (line == "```" + language) {
      is_inside = true;
      blocks.emplace_back();
    }
  }
  return blocks;
}

std::set<std::string> compiled_here() {
  std::set<std::string> all;
  for (const std::string& line : lines_of(read("tests/sd/examples_test.cc"))) all.insert(trimmed(line));
  return all;
}

TEST(Examples, StandHereWordForWord) {
  const std::set<std::string> here = compiled_here();
  for (const std::string name :
       {"composite_discovery", "consul_agent", "consul_catalog", "consul_error", "consul_options", "deregister_within",
        "endpoint", "file_discovery", "http_client", "service_discovery", "target_directory", "target_group"}) {
    const std::vector<std::string> example = example_in(read("sd/" + name + ".h"));
    EXPECT_FALSE(example.empty()) << name;
    for (const std::string& line : example) {
      // A function has its attribute here.
      EXPECT_TRUE(here.contains(line) || here.contains("[[maybe_unused]] " + line)) << name << ": " << line;
    }
  }
}

TEST(Howto, StandsHereWordForWord) {
  const std::set<std::string> here = compiled_here();
  const std::vector<std::string> blocks = blocks_in(read("docs/howto/discovery.md"), "cpp");
  EXPECT_THAT(blocks, SizeIs(5));
  for (const std::string& block : blocks) {
    for (const std::string& line : lines_of(block)) EXPECT_TRUE(here.contains(trimmed(line))) << line;
  }
}

TEST(Howto, PrometheusTakesItsConfigurations) {
  const std::vector<std::string> blocks = blocks_in(read("docs/howto/discovery.md"), "yaml");
  EXPECT_THAT(blocks, SizeIs(2));
  const testing::TemporaryFolder folder;
  for (const std::string& block : blocks) {
    const std::string path = folder.write("prometheus.yml", block);
    testing::ChildProcess promtool({std::getenv("PROMTOOL"), "check", "config", path});
    EXPECT_EQ(promtool.wait_for_exit(), 0) << block << promtool.output();
  }
}

}  // namespace
}  // namespace prometheus_async
