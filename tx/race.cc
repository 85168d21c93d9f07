// SPDX-License-Identifier: Apache-2.0

#include "tx/race.h"

#include <string>

namespace prometheus_async::tx {
namespace {

std::string describe(const std::vector<Failure>& failures) {
  std::string text = std::to_string(failures.size()) + " Deferreds failed, the first with ";
  return text += failures.front().get_brief_traceback();
}

}  // namespace

FailureGroup::FailureGroup(std::vector<Failure> failures)
    : std::runtime_error(describe(failures)),
      failures_(std::make_shared<const std::vector<Failure>>(std::move(failures))) {}

}  // namespace prometheus_async::tx
