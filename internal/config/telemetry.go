package config

import (
	"net"
	"os"
	"strings"
)

// Validate returns an error that names the first invalid value.
func (t Telemetry) Validate() error {
	if t.MetricsAddr != "" {
		if _, err := checkAddress("metrics-addr", t.MetricsAddr); err != nil {
			return err
		}
	}
	if t.DebugAddr == "" {
		return nil
	}
	host, err := checkAddress("debug-addr", t.DebugAddr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return invalid("debug-addr", "must be a loopback address such as localhost:6060, not %q: "+
			"profiles expose more than metrics; --metrics-addr accepts any address", t.DebugAddr)
	}
	return nil
}

// ExportsTraces reports whether the OTEL_… variables enable the export of traces. Unlike in the OpenTelemetry
// specification, the export is off unless an exporter or an endpoint is set.
func (Telemetry) ExportsTraces() bool { return exports("TRACES") }

// ExportsMetrics is ExportsTraces for metrics.
func (Telemetry) ExportsMetrics() bool { return exports("METRICS") }

func exports(signal string) bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	if exporter := os.Getenv("OTEL_" + signal + "_EXPORTER"); exporter != "" {
		return exporter != "none"
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" ||
		os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}
