package ruby

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestARequestForDependenciesCountsForEachGem(t *testing.T) {
	for query, want := range map[string]int{
		"": 1, "?gems=": 1, "?gems=demo": 1, "?gems=demo,other": 2, "?gems=demo%2Cother,third": 3,
		"?gems=" + strings.Repeat("a,", maxAsked-1) + "a": maxAsked, "?gems=" + strings.Repeat("a,", 1000): maxAsked, // too many are refused
	} {
		if got := gemsAsked(httptest.NewRequest("GET", "/api/v1/dependencies"+query, nil)); got != want {
			t.Errorf("%.40q: got %d, want %d", query, got, want)
		}
	}
	for _, route := range Format().Routes {
		if asks := strings.HasSuffix(route.Pattern, "/dependencies"); asks != (route.CountAs != nil) {
			t.Errorf("%s: counts by itself %v, want %v", route.Pattern, route.CountAs != nil, asks)
		}
	}
}
