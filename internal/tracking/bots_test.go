package tracking

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func matcher(t testing.TB) *botMatcher {
	t.Helper()
	m, err := newBotMatcher()
	require.NoError(t, err)
	return m
}

func TestEveryListedBotIsKnown(t *testing.T) {
	m := matcher(t)
	sample, err := os.ReadFile("testdata/agents.tsv")
	require.NoError(t, err)
	for line := range strings.Lines(string(sample)) {
		pattern, agent, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		if !slices.Contains(notBots, pattern) {
			require.True(t, m.Match(agent), "%s is listed under %s", agent, pattern)
		}
	}
}

func TestProbesAreBots(t *testing.T) {
	m := matcher(t)
	for _, agent := range []string{
		"kube-probe/1.31", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "Consul Health Check", "Envoy/HC",
		"Amazon-Route53-Health-Check-Service (ref 1234; report http://amzn.to/1vsZADi)",
		"DigitalOcean Uptime Probe 0.22.0 (https://digitalocean.com)", "HAProxy Health Check",
		"nginx/1.27.0 (health check)", "Varnish/fastly (healthcheck)", "SLBHealthCheck", "clb-healthcheck",
		"Mozilla/5.0 (compatible; CloudFlare-Healthchecks/1.0; +https://www.cloudflare.com/; healthcheck-id: 1)",
		"Edge Health Probe", "Load Balancer Agent", "Azure Traffic Manager Endpoint Monitor", "Render/1.0",
		"CloudWatchSynthetics/1.0", "Datadog Agent/7.50.0", "Datadog/Synthetics", "Prometheus/2.48.0",
		"Blackbox Exporter/0.24.0", "Telegraf/1.29.0 Go/1.21", "Gatus/1.0", "Monit/5.33.0", "NewRelicPinger/1.0 (123)",
		"Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "UptimeRobot/2.0", "Uptime-Kuma/1.23.11",
		"GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
		"check_http/v2.3.3 (monitoring-plugins 2.3.3)", "updown.io daemon 2.11", "Site24x7",
	} {
		require.True(t, m.Match(agent), agent)
	}
}

func TestProgramsAndPeopleAreNotBots(t *testing.T) {
	m := matcher(t)
	for _, agent := range []string{
		"", "curl/8.5.0", "Wget/1.21.4", "HTTPie/3.2.2", "PostmanRuntime/7.36.1", "insomnia/8.6.1",
		"grpcurl/v1.9.1 grpc-go/1.61.0", "buf/1.73.0 connect-go/1.21.1 (go1.26.8)", "grpc-go/1.61.0",
		"connect-go/1.21.1 (go1.26.8)", "connect-es/2.2.0", "grpc-node-js/1.8.17", "grpc-java-netty/1.62.2",
		"grpc-python/1.62.0 grpc-c/39.0.0 (linux; chttp2)", "Go-http-client/1.1", "Go-http-client/2.0",
		"node", "undici", "node-fetch", "Deno/1.40.0", "Bun/1.0.26", "axios/1.6.7",
		"got (https://github.com/sindresorhus/got)", "python-requests/2.31.0", "python-httpx/0.27.0",
		"Python/3.11 aiohttp/3.9.3", "Python-urllib/3.11", "okhttp/4.12.0", "Java/17.0.10",
		"Apache-HttpClient/4.5.14 (Java/17.0.10)", "Dart/3.3 (dart:io)", "GuzzleHttp/7", "Ruby", "k6/0.49.0",
		"Amazon CloudFront",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.3 Safari/605.1.15",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.3 Mobile/15E148 Safari/604.1",
	} {
		require.False(t, m.Match(agent), agent)
	}
}

func TestEveryExceptionIsOnTheList(t *testing.T) {
	lines := strings.Split(botList, "\n")
	for _, pattern := range notBots {
		require.Contains(t, lines, pattern, "remove the exception")
	}
}

func TestLongAgentIsCutOff(t *testing.T) {
	m := matcher(t)
	require.True(t, m.Match("Googlebot/2.1 "+strings.Repeat("x", 1<<16)))
	require.False(t, m.Match(strings.Repeat("x", agentLimit)+"Googlebot/2.1"))
}

func BenchmarkMatchNewAgent(b *testing.B) {
	m := matcher(b)
	agent := "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
	for b.Loop() {
		m.match(agent)
	}
}

func BenchmarkMatchKnownAgent(b *testing.B) {
	m := matcher(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Match("connect-es/2.2.0")
		}
	})
}
