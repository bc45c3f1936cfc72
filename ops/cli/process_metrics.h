#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace keyfold::ops {

/// A family of one metric without labels.
[[nodiscard]] prometheus::MetricFamily one_metric(std::string name, std::string help, prometheus::MetricType type,
                                                  double value);
/// Adds a counter without labels for each.
struct Counter {
  const char* name;
  const char* help;
  std::uint64_t value;
};
void add_counters(std::initializer_list<Counter> counters, std::vector<prometheus::MetricFamily>& out);
/// Adds a metric with one label.
void add_labelled(prometheus::MetricFamily& family, const std::string& label, const std::string& text, double value);

/// What Prometheus' clients say of every process (CPU, memory, descriptors, start), from /proc; and the build.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_metrics();

}  // namespace keyfold::ops
