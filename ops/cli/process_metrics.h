#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace keyfold::ops {

/// A family of one metric without labels.
[[nodiscard]] prometheus::MetricFamily one_metric(std::string name, std::string help, prometheus::MetricType type,
                                                  double value);
/// Adds a metric with one label.
void add_labelled(prometheus::MetricFamily& family, const std::string& label, const std::string& text, double value);

/// What Prometheus' clients say of every process (CPU, memory, descriptors, start), from /proc; and the build.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_metrics();

}  // namespace keyfold::ops
