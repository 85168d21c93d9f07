// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/consul_env.h"

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/error_of.h"

namespace prometheus_async::sd {
namespace {

using prometheus_async::testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Environment = std::map<std::string, std::string>;

ConsulOptions read(const Environment& environment) {
  return internal::consul_options_from_env([&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

// What the refusal of `environment` says.
std::string refusal(const Environment& environment) {
  return error_of<std::invalid_argument>([&] { read(environment); });
}

TEST(ConsulEnv, WithoutVariablesLeavesTheDefaults) {
  const ConsulOptions defaults;
  const ConsulOptions options = read({});
  EXPECT_EQ(options.agent, "http://127.0.0.1:8500");
  EXPECT_EQ(options.name, defaults.name);
  EXPECT_EQ(options.token, "");
  EXPECT_EQ(options.token_file, "");
  EXPECT_EQ(options.http_auth, "");
  EXPECT_TRUE(options.tls.verify);
  EXPECT_EQ(options.tls.ca_file, "");
  EXPECT_EQ(options.consul_namespace, "");
  EXPECT_EQ(options.partition, "");
}

TEST(ConsulEnv, TakesAnEmptyVariableAsNone) {
  Environment environment;
  for (const char* name :
       {"CONSUL_HTTP_ADDR", "CONSUL_HTTP_TOKEN", "CONSUL_HTTP_TOKEN_FILE", "CONSUL_HTTP_AUTH", "CONSUL_HTTP_SSL",
        "CONSUL_HTTP_SSL_VERIFY", "CONSUL_CACERT", "CONSUL_CAPATH", "CONSUL_CLIENT_CERT", "CONSUL_CLIENT_KEY",
        "CONSUL_TLS_SERVER_NAME", "CONSUL_NAMESPACE", "CONSUL_PARTITION"}) {
    environment[name] = "";
  }
  const ConsulOptions options = read(environment);
  EXPECT_EQ(options.agent, "http://127.0.0.1:8500");
  EXPECT_TRUE(options.tls.verify);
}

TEST(ConsulEnv, TakesAddresses) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"10.0.0.5:8500", "http://10.0.0.5:8500"},
      {"localhost:8500", "http://localhost:8500"},
      {"consul_1.internal:65535", "http://consul_1.internal:65535"},
      {"consul.internal", "http://consul.internal"},
      {"[::1]:8500", "http://[::1]:8500"},
      {"[2001:db8::1]", "http://[2001:db8::1]"},
      {"http://10.0.0.5:1", "http://10.0.0.5:1"},
      {"https://10.0.0.5:8501", "https://10.0.0.5:8501"},
      {"https://consul.example", "https://consul.example"},
      {"http://proxy:80/consul/one", "http://proxy:80/consul/one"},
      {"https://proxy:80/", "https://proxy:80/"},
      {"unix:///run/consul.sock", "unix:///run/consul.sock"},
  };
  for (const auto& [address, agent] : cases) EXPECT_EQ(read({{"CONSUL_HTTP_ADDR", address}}).agent, agent);
}

TEST(ConsulEnv, RefusesAddressesThatItCannotUnderstand) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"tcp://10.0.0.5:8500", "scheme"},
      {"HTTP://10.0.0.5:8500", "scheme"},  // Consul's client, too
      {"://10.0.0.5:8500", "scheme"},
      {"10.0.0.5:", "port"},
      {"10.0.0.5:0", "port"},
      {"10.0.0.5:65536", "port"},
      {"10.0.0.5:-1", "port"},
      {"10.0.0.5:+1", "port"},
      {"10.0.0.5:99999999999999", "port"},
      {"10.0.0.5:http", "port"},
      {"10.0.0.5:8500x", "port"},
      {"::1:8500", "brackets"},
      {"[::1:8500", "brackets"},
      {"[]:8500", "brackets"},
      {"[10.0.0.5]:8500", "brackets"},
      {"[::1]8500", "after the brackets"},
      {":8500", "host:port"},
      {"http://", "host:port"},
      {"http:///v1", "host:port"},
      {"a%20b:8500", "host:port"},
      {"10.0.0.5:8500/consul", "path"},
      {"http://10.0.0.5:8500/?token=secret", "query"},
      {"http://10.0.0.5:8500#secret", "fragment"},
      {"http://user:secret@10.0.0.5:8500", "CONSUL_HTTP_AUTH"},
      {" 10.0.0.5:8500", "space"},
      {"10.0.0.5:8500\n", "space"},
      {"unix://", "absolute path"},
      {"unix:///", "absolute path"},
      {"unix://run/consul.sock", "absolute path"},
  };
  for (const auto& [address, rule] : cases) {
    const std::string message = refusal({{"CONSUL_HTTP_ADDR", address}});
    EXPECT_THAT(message, StartsWith("CONSUL_HTTP_ADDR ")) << address;
    EXPECT_THAT(message, HasSubstr(rule)) << address;
    EXPECT_THAT(message, Not(HasSubstr("secret")));
  }
}

TEST(ConsulEnv, SslGivesAnAddressHttpsAndIsNotTakenBackByHttp) {
  EXPECT_EQ(read({{"CONSUL_HTTP_SSL", "true"}}).agent, "https://127.0.0.1:8500");
  for (const char* address : {"10.0.0.5:8501", "http://10.0.0.5:8501", "https://10.0.0.5:8501"}) {
    EXPECT_EQ(read({{"CONSUL_HTTP_ADDR", address}, {"CONSUL_HTTP_SSL", "1"}}).agent, "https://10.0.0.5:8501");
  }
}

TEST(ConsulEnv, HttpsInTheAddressNeedsNoSsl) {
  EXPECT_EQ(read({{"CONSUL_HTTP_ADDR", "https://a:1"}, {"CONSUL_HTTP_SSL", "false"}}).agent, "https://a:1");
  EXPECT_EQ(read({{"CONSUL_HTTP_ADDR", "a:1"}, {"CONSUL_HTTP_SSL", "false"}}).agent, "http://a:1");
}

TEST(ConsulEnv, RefusesSslOverAUnixSocket) {
  const Environment environment = {{"CONSUL_HTTP_ADDR", "unix:///run/consul.sock"}, {"CONSUL_HTTP_SSL", "true"}};
  EXPECT_THAT(refusal(environment), HasSubstr("CONSUL_HTTP_SSL"));
  EXPECT_EQ(read({{"CONSUL_HTTP_ADDR", "unix:///a"}, {"CONSUL_HTTP_SSL", "false"}}).agent, "unix:///a");
}

TEST(ConsulEnv, ReadsBooleansAsGoDoes) {
  for (const char* text : {"1", "t", "T", "TRUE", "true", "True"}) {
    EXPECT_EQ(read({{"CONSUL_HTTP_SSL", text}}).agent, "https://127.0.0.1:8500") << text;
    EXPECT_TRUE(read({{"CONSUL_HTTP_SSL_VERIFY", text}}).tls.verify) << text;
  }
  for (const char* text : {"0", "f", "F", "FALSE", "false", "False"}) {
    EXPECT_EQ(read({{"CONSUL_HTTP_SSL", text}}).agent, "http://127.0.0.1:8500") << text;
    EXPECT_FALSE(read({{"CONSUL_HTTP_SSL_VERIFY", text}}).tls.verify) << text;
  }
}

// Consul's own client warns, and goes on without TLS, or without verification.
TEST(ConsulEnv, RefusesWhatIsNoBoolean) {
  for (const char* name : {"CONSUL_HTTP_SSL", "CONSUL_HTTP_SSL_VERIFY"}) {
    for (const char* text : {"yes", "no", "on", "tRUE", "true ", "2", "-1"}) {
      EXPECT_THAT(refusal({{name, text}}), StartsWith(std::string(name) + " is none of 1, t,")) << text;
    }
  }
}

// The file beats the token when it is read and not empty; here nothing is read.
TEST(ConsulEnv, TakesTokenAndTokenFile) {
  const ConsulOptions options = read({{"CONSUL_HTTP_TOKEN", "t"}, {"CONSUL_HTTP_TOKEN_FILE", "/no/such/file"}});
  EXPECT_EQ(options.token, "t");
  EXPECT_EQ(options.token_file, "/no/such/file");
}

TEST(ConsulEnv, RefusesATokenThatNoHeaderCanHold) {
  for (const char* token : {"secret\n", "sec ret", "secret\x7f", "secr\xc3\xa9t"}) {
    const std::string message = refusal({{"CONSUL_HTTP_TOKEN", token}});
    EXPECT_THAT(message, StartsWith("CONSUL_HTTP_TOKEN has"));
    EXPECT_THAT(message, Not(HasSubstr("sec")));
  }
}

TEST(ConsulEnv, TakesUserAndPassword) {
  EXPECT_EQ(read({{"CONSUL_HTTP_AUTH", "user"}}).http_auth, "user");
  EXPECT_EQ(read({{"CONSUL_HTTP_AUTH", "user:a b:c"}}).http_auth, "user:a b:c");
  const std::string message = refusal({{"CONSUL_HTTP_AUTH", "user:secret\r\n"}});
  EXPECT_THAT(message, StartsWith("CONSUL_HTTP_AUTH has"));
  EXPECT_THAT(message, Not(HasSubstr("secret")));
}

TEST(ConsulEnv, TakesFilesAndNamesForTls) {
  const HttpTls tls = read({{"CONSUL_CACERT", "ca.pem"},
                            {"CONSUL_CAPATH", "/etc/ca"},
                            {"CONSUL_CLIENT_CERT", "cert.pem"},
                            {"CONSUL_CLIENT_KEY", "key.pem"},
                            {"CONSUL_TLS_SERVER_NAME", "server.dc1.consul"}})
                          .tls;
  EXPECT_EQ(tls.ca_file, "ca.pem");
  EXPECT_EQ(tls.ca_path, "/etc/ca");
  EXPECT_EQ(tls.certificate_file, "cert.pem");
  EXPECT_EQ(tls.key_file, "key.pem");
  EXPECT_EQ(tls.server_name, "server.dc1.consul");
  EXPECT_TRUE(tls.verify);
}

TEST(ConsulEnv, RefusesACertificateWithoutItsKeyAndTheOtherWayRound) {
  EXPECT_EQ(refusal({{"CONSUL_CLIENT_CERT", "c"}}), "CONSUL_CLIENT_CERT needs CONSUL_CLIENT_KEY beside it");
  EXPECT_EQ(refusal({{"CONSUL_CLIENT_KEY", "k"}}), "CONSUL_CLIENT_KEY needs CONSUL_CLIENT_CERT beside it");
}

TEST(ConsulEnv, RefusesAServerNameThatIsNone) {
  for (const char* name : {"10.0.0.5", "::1", "a_b.example"}) {
    EXPECT_EQ(read({{"CONSUL_TLS_SERVER_NAME", name}}).tls.server_name, name);
  }
  for (const char* name : {"a b", "a/b", "[::1]", "a:8501", "https://a"}) {
    EXPECT_THAT(refusal({{"CONSUL_TLS_SERVER_NAME", name}}), StartsWith("CONSUL_TLS_SERVER_NAME is neither")) << name;
  }
}

TEST(ConsulEnv, TakesNamespaceAndPartition) {
  const ConsulOptions options = read({{"CONSUL_NAMESPACE", "team"}, {"CONSUL_PARTITION", "west"}});
  EXPECT_EQ(options.consul_namespace, "team");
  EXPECT_EQ(options.partition, "west");
}

TEST(ConsulEnv, FromEnvReadsTheEnvironmentOfTheProcess) {
  ::setenv("CONSUL_HTTP_ADDR", "https://consul.example:8501", 1);
  const ConsulOptions options = ConsulOptions::from_env();
  ::setenv("CONSUL_HTTP_ADDR", "gopher://consul.example", 1);
  EXPECT_THROW(ConsulOptions::from_env(), std::invalid_argument);
  ::unsetenv("CONSUL_HTTP_ADDR");
  EXPECT_EQ(options.agent, "https://consul.example:8501");
}

}  // namespace
}  // namespace prometheus_async::sd
