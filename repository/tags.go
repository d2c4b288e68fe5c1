package repository

import (
	"context"
	"maps"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// mayTag asks for TagResource when a creation brings tags along, and checks their number.
func (s *Service) mayTag(ctx context.Context, c iam.Caller, on Subject, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	if len(tags) > s.Quotas.Tags {
		return s.tooManyTags(on)
	}
	if err := distinctInAnyCase(tags); err != nil {
		return err
	}
	return s.Authorize(ctx, c, "TagResource", on, tags)
}

func (s *Service) tooManyTags(on Subject) error {
	t, id := Target{on.Domain, on.Repository, on.Group}.resource()
	return artifact.Errorf(artifact.Quota, "A resource can have at most %d tags.", s.Quotas.Tags).About(t, id)
}

// distinctInAnyCase refuses tags whose keys differ in case only: conditions of policies do not tell them apart.
func distinctInAnyCase(tags map[string]string) error {
	seen := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		folded := strings.ToLower(key)
		if other, ok := seen[folded]; ok {
			return artifact.Errorf(artifact.Invalid,
				"The tag keys '%s' and '%s' differ in case only, so policies could not tell them apart.", other, key)
		}
		seen[folded] = key
	}
	return nil
}

// Tags returns the tags of a domain, a repository or a package group; NotFound if there is no such thing.
func (s *Service) Tags(ctx context.Context, on Target) (tags map[string]string, err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		h, err := holderOf(r, on)
		if err != nil {
			return err
		}
		tags, err = r.Tags(h)
		return err
	})
	return tags, err
}

// PutTags adds tags or overwrites their values. NotFound if there is no such thing; Quota above the
// number it may have; Invalid if two keys differ in case only.
func (s *Service) PutTags(ctx context.Context, c iam.Caller, on Target, tags map[string]string) error {
	return s.retag(ctx, c, "TagResource", on, map[string]any{"tags": tags}, func(w catalog.Writer, h catalog.Holder) error {
		if err := w.PutTags(h, tags); err != nil {
			return err
		}
		all, err := w.Tags(h)
		if err != nil {
			return err
		}
		if len(all) > s.Quotas.Tags {
			return s.tooManyTags(on.subject())
		}
		return distinctInAnyCase(all)
	})
}

// DeleteTags removes tags; keys that are not there are ignored.
func (s *Service) DeleteTags(ctx context.Context, c iam.Caller, on Target, keys []string) error {
	return s.retag(ctx, c, "UntagResource", on, map[string]any{"tagKeys": keys},
		func(w catalog.Writer, h catalog.Holder) error { return w.DeleteTags(h, keys) })
}

func (s *Service) retag(ctx context.Context, c iam.Caller, action string, on Target, detail map[string]any,
	change func(catalog.Writer, catalog.Holder) error) error {
	return s.Catalog.Write(ctx, func(w catalog.Writer) error {
		h, err := holderOf(w, on)
		if err != nil {
			return err
		}
		if err := change(w, h); err != nil {
			return err
		}
		return s.audit(w, c, action, on.subject(), detail)
	})
}

// withTags adds the tags that something is made with to what is on record of it: policies may go by them.
func withTags(detail map[string]any, tags map[string]string) map[string]any {
	if len(tags) > 0 {
		detail["tags"] = tags
	}
	return detail
}
