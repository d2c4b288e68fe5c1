package accounts

import (
	"context"
	"maps"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Tag is a label of a user, a role or a managed policy. Keys that differ in case only are one, and keep the case in which
// they came first (IAM user guide, "Rules for tagging").
type Tag struct{ Key, Value string }

func tagMap(tags []Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}

// keyOf is the key under which the tags have one that is the same but for its case.
func keyOf(tags map[string]string, key string) (string, bool) {
	for have := range tags {
		if strings.EqualFold(have, key) {
			return have, true
		}
	}
	return key, false
}

// tagged returns the tags with more put to them.
func (s *Service) tagged(tags map[string]string, more []Tag) (map[string]string, error) {
	after := maps.Clone(tags)
	if after == nil {
		after = map[string]string{}
	}
	given := map[string]string{}
	for _, t := range more {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, InvalidInput.errorf("Tag keys may not begin with aws:, which is AWS's own.")
		}
		if _, twice := keyOf(given, t.Key); twice {
			return nil, InvalidInput.errorf("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		given[t.Key] = t.Value
		key, _ := keyOf(after, t.Key)
		after[key] = t.Value
	}
	if len(after) > s.Quotas.Tags {
		return nil, artifact.Errorf(artifact.Quota, "The number of tags has reached the maximum limit of %d.", s.Quotas.Tags)
	}
	return after, nil
}

// untagged returns the tags without some.
func untagged(tags map[string]string, keys []string) map[string]string {
	after := maps.Clone(tags)
	for _, key := range keys {
		if have, found := keyOf(after, key); found {
			delete(after, have)
		}
	}
	return after
}

// Tag puts tags to an entity or overwrites their values.
func (s *Service) Tag(ctx context.Context, c iam.Caller, e Entity, tags []Tag) error {
	return s.change(ctx, c, e.verb("Tag", ""), func(a *changing) error {
		p, err := a.entity(e, Subject{Given: tagMap(tags)})
		if err != nil {
			return err
		}
		if p.Tags, err = s.tagged(p.Tags, tags); err != nil {
			return err
		}
		return a.retag(p, "tags", tagMap(tags))
	})
}

// Untag takes tags away. Those it does not have are passed over.
func (s *Service) Untag(ctx context.Context, c iam.Caller, e Entity, keys []string) error {
	return s.change(ctx, c, e.verb("Untag", ""), func(a *changing) error {
		p, err := a.entity(e, Subject{Taken: keys})
		if err != nil {
			return err
		}
		p.Tags = untagged(p.Tags, keys)
		return a.retag(p, "tagKeys", keys)
	})
}

func (a *changing) retag(p catalog.Principal, what string, detail any) error {
	if err := a.write.UpdatePrincipal(p); err != nil {
		return err
	}
	return a.record(p.ARN, map[string]any{what: detail})
}

// Tags lists an entity's tags by key.
func (s *Service) Tags(ctx context.Context, c iam.Caller, e Entity, page catalog.Page) (l catalog.Listing[Tag], err error) {
	err = s.look(ctx, c, e.verb("List", "Tags"), func(a *reading) error {
		p, err := a.entity(e, Subject{})
		if err != nil {
			return err
		}
		l, err = catalog.PageOf(TagsOf(p.Tags), Tag.name, page)
		return err
	})
	return l, err
}

func (t Tag) name() string { return t.Key }

// TagsOf returns tags as a list, ordered by key.
func TagsOf(tags map[string]string) []Tag {
	list := make([]Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, Tag{key, tags[key]})
	}
	return list
}
