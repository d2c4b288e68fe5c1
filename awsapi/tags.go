package awsapi

import (
	"context"
	"strings"

	"entrepot/iam"
)

type tag struct {
	Key   string `json:"key" is:"TagKey,required"`
	Value string `json:"value" is:"TagValue,required"`
}

// tagList is the tags that a creation or TagResource carries.
type tagList struct {
	Tags []tag `json:"tags" is:"TagList"`
}

// check refuses keys that AWS reserves, in any case, and a key that is given twice, which could mean either value.
func (l *tagList) check() error {
	seen := map[string]bool{}
	for _, t := range l.Tags {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return refuse(FieldValidationFailed, "The tag key %s begins with aws:, which is reserved.", quoted(t.Key))
		}
		if seen[t.Key] {
			return refuse(FieldValidationFailed, "The tag key %s is given twice.", quoted(t.Key))
		}
		seen[t.Key] = true
	}
	return nil
}

func (l *tagList) requestTags() map[string]string {
	tags := make(map[string]string, len(l.Tags))
	for _, t := range l.Tags {
		tags[t.Key] = t.Value
	}
	return tags
}

type tagResourceInput struct {
	ofARN
	Tags []tag `json:"tags" is:"TagList,required"`
}

func (in *tagResourceInput) check() error                   { return (&tagList{in.Tags}).check() }
func (in *tagResourceInput) requestTags() map[string]string { return (&tagList{in.Tags}).requestTags() }

// empty is the output of operations that have none.
type empty struct{}

func (a *API) tagResource(ctx context.Context, c iam.Caller, in *tagResourceInput) (*empty, error) {
	return &empty{}, a.rules.PutTags(ctx, c, in.target, in.requestTags())
}

type untagResourceInput struct {
	ofARN
	TagKeys []string `json:"tagKeys" is:"TagKeyList,required"`
}

// requestTags gives the keys, for the condition aws:TagKeys; an untagging knows no values.
func (in *untagResourceInput) requestTags() map[string]string {
	tags := make(map[string]string, len(in.TagKeys))
	for _, key := range in.TagKeys {
		tags[key] = ""
	}
	return tags
}

func (a *API) untagResource(ctx context.Context, c iam.Caller, in *untagResourceInput) (*empty, error) {
	return &empty{}, a.rules.DeleteTags(ctx, c, in.target, in.TagKeys)
}

type listTagsForResourceInput struct{ ofARN }

type tagsOutput struct {
	Tags []tag `json:"tags"`
}

func (a *API) listTagsForResource(ctx context.Context, _ iam.Caller,
	in *listTagsForResourceInput) (*tagsOutput, error) {
	tags, err := a.rules.Tags(ctx, in.target)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{each(sortedKeys(tags), func(key string) tag { return tag{key, tags[key]} })}, nil
}
