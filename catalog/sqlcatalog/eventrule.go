package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const eventRuleColumns = "SELECT account, name, pattern, description, role, enabled, created_at, tags, targets FROM event_rules "

func scanEventRule(row scanner, r *catalog.EventRule) error {
	return row.Scan(&r.Account, &r.Name, &r.Pattern, &r.Description, &r.Role, &r.Enabled, instant{&r.CreatedAt},
		(*tagSet)(&r.Tags), document{&r.Targets})
}

func noEventRule(name string) error {
	return artifact.Errorf(artifact.NotFound, "Rule %s does not exist.", name)
}

// EventRule implements catalog.EventRuleReader.
func (s *session) EventRule(account artifact.AccountID, name string) (catalog.EventRule, error) {
	r, found, err := one(s, "find a rule", scanEventRule, eventRuleColumns+"WHERE account = ? AND name = ?", account, name)
	if err == nil && !found {
		err = noEventRule(name)
	}
	return r, err
}

// EventRules implements catalog.EventRuleReader.
func (s *session) EventRules(account artifact.AccountID, prefix string, page catalog.Page) (
	catalog.Listing[catalog.EventRule], error) {
	var where conditions
	where.add("account = ?", account)
	where.prefix(s.dialect, "name", prefix)
	if page.After != "" {
		after, err := unmark(eventRuleList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.EventRule]{}, err
		}
		where.add("name > ?", after[0])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list rules", scanEventRule, eventRuleColumns+"WHERE "+where.String()+" ORDER BY name LIMIT ?",
		append(where.args, limit+1)...)
	return listing(items, limit, func(r catalog.EventRule) string { return mark(eventRuleList, r.Name) }), err
}

// AllEventRules implements catalog.EventRuleReader.
func (s *session) AllEventRules(page catalog.Page) (catalog.Listing[catalog.EventRule], error) {
	after := []string{"", ""}
	if page.After != "" {
		var err error
		if after, err = unmark(allEventRuleList, 2, page.After); err != nil {
			return catalog.Listing[catalog.EventRule]{}, err
		}
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list all rules", scanEventRule,
		eventRuleColumns+"WHERE (account, name) > (?, ?) ORDER BY account, name LIMIT ?", after[0], after[1], limit+1)
	return listing(items, limit, func(r catalog.EventRule) string { return mark(allEventRuleList, string(r.Account), r.Name) }), err
}

// PutEventRule implements catalog.EventRuleWriter.
func (s *session) PutEventRule(r catalog.EventRule) error {
	targets := r.Targets
	if targets == nil {
		targets = []catalog.RuleTarget{}
	}
	_, err := s.exec("put a rule", `INSERT INTO event_rules (account, name, pattern, description, role, enabled, created_at, tags, targets)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, name) DO UPDATE SET pattern = excluded.pattern,
		description = excluded.description, role = excluded.role, enabled = excluded.enabled, tags = excluded.tags,
		targets = excluded.targets`,
		r.Account, r.Name, r.Pattern, r.Description, r.Role, r.Enabled, r.CreatedAt.UnixMicro(), tagSet(r.Tags), written(targets))
	s.touch(catalog.EventTargetsTopic())
	return err
}

// DeleteEventRule implements catalog.EventRuleWriter.
func (s *session) DeleteEventRule(account artifact.AccountID, name string) error {
	n, err := s.exec("delete a rule", "DELETE FROM event_rules WHERE account = ? AND name = ?", account, name)
	if err == nil && n == 0 {
		err = noEventRule(name)
	}
	if err == nil {
		s.touch(catalog.EventTargetsTopic())
	}
	return err
}
