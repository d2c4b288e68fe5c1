package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// call is do for what the suite itself needs: a refusal is an error, but for the codes that are named.
func (c *conductor) call(ctx context.Context, operation string, input map[string]any, but ...string) (map[string]any, error) {
	a, err := c.do(ctx, c.clients[0], Request{Operation: operation, As: administrator, Input: input})
	if err != nil {
		return nil, err
	}
	if a.Refusal != nil && !slices.Contains(but, a.Refusal.Code) {
		return nil, fmt.Errorf("%s %v: got %s: %s", operation, input["domain"], a.Refusal.Code, a.Refusal.Message)
	}
	if a.Refusal != nil {
		return map[string]any{"refused": a.Refusal.Code}, nil
	}
	output, _ := a.Output.(map[string]any)
	return output, nil
}

// share makes the domain that all clients read.
func (c *conductor) share(ctx context.Context) error {
	domain := c.vars["shared"]
	if _, err := c.call(ctx, "CreateDomain", map[string]any{"domain": domain}); err != nil {
		return err
	}
	for _, repository := range []string{"my-repo", "full"} {
		if _, err := c.call(ctx, "CreateRepository", map[string]any{"domain": domain, "repository": repository}); err != nil {
			return err
		}
	}
	if err := c.publish(ctx, domain, readPackages); err != nil {
		return err
	}
	if err := c.fill(ctx, domain); err != nil {
		return err
	}
	// Times are told in milliseconds. What the rows make is younger by more than clocks are read apart.
	time.Sleep(10 * time.Millisecond)
	c.began = time.Now()
	return nil
}

// fill publishes assets until the version takes no more.
func (c *conductor) fill(ctx context.Context, domain string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i := range mostAssets {
		group.Go(func() error {
			_, err := c.call(ctx, "PublishPackageVersion", map[string]any{"domain": domain, "repository": "full", "format": "generic",
				"namespace": "tools", "package": "full", "packageVersion": "1.0.0", "assetName": "asset " + strconv.Itoa(i),
				"assetContent": "a", "assetSHA256": sha256Of("a"), "unfinished": true}, quota)
			return err
		})
	}
	return group.Wait()
}

// publish publishes packages of npm.
func (c *conductor) publish(ctx context.Context, domain string, packages []npmPackage) error {
	if len(packages) == 0 {
		return nil
	}
	given, err := c.call(ctx, "GetAuthorizationToken", map[string]any{"domain": domain, "durationSeconds": 900})
	if err != nil {
		return err
	}
	token, _ := given["authorizationToken"].(string)
	client := newNoter(c.roots)
	defer client.CloseIdleConnections()
	for _, p := range packages {
		given, err := c.call(ctx, "GetRepositoryEndpoint", map[string]any{"domain": domain, "repository": p.repository, "format": "npm"})
		if err != nil {
			return err
		}
		endpoint, _ := given["repositoryEndpoint"].(string)
		if err := p.publish(ctx, client, endpoint, token); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a domain of this run with all its repositories, whatever policies have been put on them.
func (c *conductor) remove(ctx context.Context, domain string) error {
	of := map[string]any{"domain": domain}
	for {
		page, err := c.insist(ctx, "ListRepositoriesInDomain", of, notFound)
		if err != nil {
			return err
		}
		repositories, _ := page["repositories"].([]any)
		for _, r := range repositories {
			name, _ := r.(map[string]any)["name"].(string)
			if _, err := c.insist(ctx, "DeleteRepository", map[string]any{"domain": domain, "repository": name}); err != nil {
				return err
			}
		}
		if page["nextToken"] == nil {
			break
		}
	}
	_, err := c.insist(ctx, "DeleteDomain", of)
	return err
}

// insist is call, which takes away the policies that are in its way.
func (c *conductor) insist(ctx context.Context, operation string, input map[string]any, but ...string) (map[string]any, error) {
	output, err := c.call(ctx, operation, input, append(but, denied)...)
	if err != nil || output["refused"] != denied {
		return output, err
	}
	policy := strings.ReplaceAll(allowList, "${owner}", c.vars["owner"])
	domain := map[string]any{"domain": input["domain"], "policyDocument": policy}
	if _, err := c.call(ctx, "PutDomainPermissionsPolicy", domain); err != nil {
		return nil, err
	}
	if input["repository"] != nil {
		domain["repository"] = input["repository"]
		if _, err := c.call(ctx, "PutRepositoryPermissionsPolicy", domain); err != nil {
			return nil, err
		}
	}
	return c.call(ctx, operation, input, but...)
}

// cleanUp removes the domains of this run that are still there.
func (c *conductor) cleanUp(ctx context.Context) (err error) {
	c.mu.Lock()
	left := slices.Sorted(maps.Keys(c.made))
	c.mu.Unlock()
	for _, domain := range left {
		err = errors.Join(err, c.remove(ctx, domain))
	}
	return err
}
