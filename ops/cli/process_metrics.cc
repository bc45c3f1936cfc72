#include "ops/cli/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace keyfold::ops {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Taken when the program is loaded.
const double kStartSeconds = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total_pages = 0;
  double resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code ignored;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", ignored), end; at != end; at.increment(ignored)) ++count;
  return count;
}

}  // namespace

void add_counters(std::initializer_list<Counter> counters, std::vector<MetricFamily>& out) {
  for (const auto& [name, help, value] : counters) {
    out.push_back(one_metric(name, help, MetricType::Counter, static_cast<double>(value)));
  }
}

MetricFamily one_metric(std::string name, std::string help, MetricType type, double value) {
  MetricFamily family{std::move(name), std::move(help), type, {}};
  ClientMetric metric;
  metric.counter.value = value;
  metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
  return family;
}

void add_labelled(MetricFamily& family, const std::string& label, const std::string& text, double value) {
  ClientMetric metric;
  metric.label = {{label, text}};
  metric.counter.value = value;
  metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
}

std::vector<MetricFamily> process_metrics() {
  MetricFamily build{"keyfold_build_info", "The version that runs; always 1.", MetricType::Gauge, {}};
  add_labelled(build, "version", KEYFOLD_VERSION, 1);
  return {
      std::move(build),
      one_metric("process_cpu_seconds_total", "User and system CPU time.", MetricType::Counter, cpu_seconds()),
      one_metric("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge, resident_bytes()),
      one_metric("process_open_fds", "Open file descriptors.", MetricType::Gauge, open_descriptors()),
      one_metric("process_start_time_seconds", "Start of the process, Unix time.", MetricType::Gauge, kStartSeconds)};
}

}  // namespace keyfold::ops
