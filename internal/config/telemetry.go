package config

import (
	"net"
	"os"
	"strings"
)

// Validate returns an error that names what makes no sense.
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
			"profiles tell more than metrics; --metrics-addr may be any", t.DebugAddr)
	}
	return nil
}

// ExportsTraces reports whether the variables of OpenTelemetry ask for traces to be exported: unlike in
// its specification, nothing is exported unless they say how or where to.
func (Telemetry) ExportsTraces() bool { return exports("TRACES") }

// ExportsMetrics reports whether the variables of OpenTelemetry ask for metrics to be exported.
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
