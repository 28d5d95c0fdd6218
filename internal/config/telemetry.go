package config

import (
	"cmp"
	"net"
	"os"
	"strings"
)

// prometheusExporter is the value of OTEL_METRICS_EXPORTER that asks for metrics to be served.
const prometheusExporter = "prometheus"

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

// TracesExporter returns the exporter of traces that the OTEL_… variables enable, or "". Unlike in the OpenTelemetry
// specification, the export is off unless an exporter or an endpoint is set.
func (Telemetry) TracesExporter() string { return exporter("TRACES") }

// MetricsExporter is TracesExporter for metrics. It returns "" if they are scraped: see ScrapeAddr.
func (Telemetry) MetricsExporter() string {
	if name := exporter("METRICS"); name != prometheusExporter {
		return name
	}
	return ""
}

// TracesProtocol returns the protocol that the variables of OpenTelemetry ask for, if they do.
func (Telemetry) TracesProtocol() string { return protocol("TRACES") }

// MetricsProtocol returns the protocol that the variables of OpenTelemetry ask for, if they do.
func (Telemetry) MetricsProtocol() string { return protocol("METRICS") }

// ScrapeAddr returns where /metrics are served; empty if nowhere. The variables of OpenTelemetry can ask for it
// too.
func (t Telemetry) ScrapeAddr() string {
	if t.MetricsAddr != "" || exporter("METRICS") != prometheusExporter {
		return t.MetricsAddr
	}
	return net.JoinHostPort(cmp.Or(os.Getenv("OTEL_EXPORTER_PROMETHEUS_HOST"), "localhost"),
		cmp.Or(os.Getenv("OTEL_EXPORTER_PROMETHEUS_PORT"), "9464"))
}

func exporter(signal string) string {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return ""
	}
	switch name := os.Getenv("OTEL_" + signal + "_EXPORTER"); {
	case name == "none":
		return ""
	case name != "":
		return name
	case os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != "":
		return "otlp"
	default:
		return ""
	}
}

func protocol(signal string) string {
	return cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"))
}
