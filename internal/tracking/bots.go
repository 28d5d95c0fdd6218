package tracking

import (
	_ "embed" // for the list of bots
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// agentLimit is how many bytes of a User-Agent are matched.
	agentLimit = 512
	// agentCache is the number of cached User-Agents.
	agentCache = 4096
)

// botList is a maintained list of regular expressions; scripts/update-bots.sh fetches a newer one.
//
//go:embed bots.txt
var botList string

// notBots are expressions of the list that do not indicate a bot here. Programs call an API, so HTTP
// libraries and API tools are legitimate. "Amazon CloudFront" is the User-Agent that this CDN forwards instead
// of the visitor's, and "Salesforce\.com" is an integration. Crawlers (Scrapy, HTTrack, …) stay bots.
var notBots = []string{
	`[wW]get`, `Python-urllib`, `python-requests`, `aiohttp`, `httpx`, `libwww-perl`, `lwp-trivial`,
	`Go-http-client`, `Pcore-HTTP`, `okhttp`, `AHC\/`, `^Apache-HttpClient`, `CustomAsyncHttpClient`,
	`Jetty`, `http_get`, `axios`, `HttpUrlConnection`, `AnyEvent`, `^curl`, `^PHP-Curl-Class`,
	`node-fetch`, `sindresorhus\/got`, `^HTTPie\/`, `Amazon CloudFront`, `Salesforce\.com`,
}

// probes are expressions for what asks whether a server is well: health checks of platforms and load balancers, and
// monitors. The list of crawlers has few of them.
var probes = []string{
	// AWS, Alibaba Cloud, Cloudflare, Consul, Fastly, HAProxy, NGINX, Route 53, Tencent Cloud, …
	`[hH]ealth[ -]?[cC]heck`,
	`^kube-probe\/`, `^GoogleHC\/`, `^Envoy\/HC`, `^Load Balancer Agent`, `^Edge Health Probe`, `^Render\/`,
	`DigitalOcean`, `Azure Traffic Manager`, `CloudWatchSynthetics`,
	`Datadog`, `^Prometheus\/`, `^Telegraf\/`, `^telegraf\/`, `^Gatus\/`, `^Monit\/`, `^Sensu`, `^NewRelicPinger\/`,
}

// botPattern is an expression with a literal that every match contains, as a fast pre-check.
type botPattern struct {
	literal string
	regexp  *regexp.Regexp // nil if the expression is just the literal
}

// botMatcher recognizes bots and probes by User-Agent. It is safe for concurrent use.
type botMatcher struct {
	patterns []botPattern
	known    *lru.Cache[string, bool]
}

func newBotMatcher() (*botMatcher, error) {
	known, err := lru.New[string, bool](agentCache)
	if err != nil {
		return nil, fmt.Errorf("list of bots: %w", err)
	}
	skip := make(map[string]bool, len(notBots))
	for _, p := range notBots {
		skip[p] = true
	}
	m := &botMatcher{known: known}
	for line := range strings.Lines(botList) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' || skip[line] {
			continue
		}
		if err := m.add(line); err != nil {
			return nil, err
		}
	}
	for _, probe := range probes {
		if err := m.add(probe); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *botMatcher) add(expression string) error {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return fmt.Errorf("list of bots: %q: %w", expression, err)
	}
	pattern := botPattern{literal: literal(tree)}
	if tree.Op != syntax.OpLiteral || pattern.literal == "" {
		pattern.regexp = regexp.MustCompile(expression)
	}
	m.patterns = append(m.patterns, pattern)
	return nil
}

// Match reports whether a User-Agent belongs to a known bot.
func (m *botMatcher) Match(agent string) bool {
	if agent == "" {
		return false
	}
	if len(agent) > agentLimit {
		agent = agent[:agentLimit]
	}
	if bot, ok := m.known.Get(agent); ok {
		return bot
	}
	bot := m.match(agent)
	m.known.Add(strings.Clone(agent), bot)
	return bot
}

func (m *botMatcher) match(agent string) bool {
	for i := range m.patterns {
		p := &m.patterns[i]
		if strings.Contains(agent, p.literal) && (p.regexp == nil || p.regexp.MatchString(agent)) {
			return true
		}
	}
	return false
}

// literal returns a literal that every match of an expression contains; it may be empty.
func literal(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return string(re.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literal(re.Sub[0])
	case syntax.OpConcat:
		longest := ""
		for _, sub := range re.Sub {
			if l := literal(sub); len(l) > len(longest) {
				longest = l
			}
		}
		return longest
	default: // no common literal
	}
	return ""
}
