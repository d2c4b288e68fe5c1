package kms

import (
	"context"
	"maps"
	"strings"

	"entrepot/catalog"
	"entrepot/iam"
)

// Tags returns the tags of a key.
func (s *Service) Tags(ctx context.Context, c iam.Caller, asked string) (tags map[string]string, err error) {
	err = s.read(ctx, c, ask{action: "ListResourceTags", key: asked}, byKey, func(_ catalog.Reader, k Key) error {
		tags = k.Tags
		return nil
	})
	return tags, err
}

// Tag adds tags to a key or overwrites their values. Tag errors for keys that are reserved, LimitExceeded for too many.
func (s *Service) Tag(ctx context.Context, c iam.Caller, asked string, tags map[string]string) error {
	return s.change(ctx, c, ask{action: "TagResource", key: asked, tags: tags}, func(_ catalog.Writer, k *Key) error {
		if err := k.notPending(); err != nil {
			return err
		}
		k.Tags = maps.Clone(k.Tags)
		if k.Tags == nil {
			k.Tags = map[string]string{}
		}
		maps.Copy(k.Tags, tags)
		return s.checkTags(k.Tags)
	})
}

// Untag takes tags from a key; keys that it has not are ignored.
func (s *Service) Untag(ctx context.Context, c iam.Caller, asked string, keys []string) error {
	return s.change(ctx, c, ask{action: "UntagResource", key: asked, tagKeys: keys}, func(_ catalog.Writer, k *Key) error {
		k.Tags = maps.Clone(k.Tags)
		for _, name := range keys {
			delete(k.Tags, name)
		}
		return k.notPending()
	})
}

func (s *Service) checkTags(tags map[string]string) error {
	for name := range tags {
		if strings.HasPrefix(strings.ToLower(name), "aws:") {
			return fail(badTags, "Tag keys that begin with aws: are reserved.")
		}
	}
	if len(tags) > s.Quotas.Tags {
		return fail(limitExceeded, "A key has at most %d tags.", s.Quotas.Tags)
	}
	return nil
}
