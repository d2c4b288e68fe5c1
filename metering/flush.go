package metering

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/usage"
)

// Flush writes down what was counted so far, as one interval. When it is not known whether that was written, the next Flush tells
// the same interval again; what is counted meanwhile waits for one of its own.
func (m *Meter) Flush(ctx context.Context) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	again := m.pending != nil
	if err := m.flush(ctx); err != nil || !again {
		return err
	}
	return m.flush(ctx)
}

// flush writes one interval.
func (m *Meter) flush(ctx context.Context) error {
	if m.pending == nil {
		cells, all := m.take()
		if len(cells) == 0 {
			return nil
		}
		m.number++
		i, err := m.interval(ctx, cells, all)
		// Without the catalog nothing is known of repositories; whose requests they were is known all the same.
		m.pending = &i
		if err != nil {
			m.Log.WarnContext(ctx, "requests were counted without the tags of repositories", "error", err.Error())
		}
	}
	err := m.Catalog.Write(ctx, func(w catalog.Writer) error { return w.CountRequests(*m.pending, m.Now()) })
	if err != nil {
		m.totals.failures.Add(1)
		return fmt.Errorf("write down what was counted: %w", err)
	}
	m.totals.add(m.pending.Counted)
	m.pending = nil
	return nil
}

// interval makes the next interval of what was taken: with the tags that repositories and domains have now.
func (m *Meter) interval(ctx context.Context, cells map[cell]usage.Counters, all map[driven]usage.Counters) (usage.Interval, error) {
	i := usage.Interval{Meter: m.id, Number: m.number}
	sums := map[usage.Counted]usage.Counters{}
	var failures []error
	err := m.Catalog.Read(ctx, func(r catalog.Reader) error {
		for c, sum := range cells {
			subject, err := m.known.subject(r, c)
			if err != nil {
				return err
			}
			key := usage.Counted{Hour: c.hour, Subject: subject, Account: c.account, Network: c.network}
			sums[key] = sums[key].Plus(sum)
		}
		return nil
	})
	if err != nil {
		failures = append(failures, err)
		clear(sums)
		for c, sum := range cells {
			subject, _ := m.known.subject(nil, c)
			key := usage.Counted{Hour: c.hour, Subject: subject, Account: c.account, Network: c.network}
			sums[key] = sums[key].Plus(sum)
		}
	}
	for key, sum := range sums {
		key.Counters = sum
		i.Counted = append(i.Counted, key)
	}
	slices.SortFunc(i.Counted, func(a, b usage.Counted) int {
		return cmp.Or(cmp.Compare(a.Hour, b.Hour), strings.Compare(a.Domain.Name, b.Domain.Name), strings.Compare(a.Repository, b.Repository))
	})
	i.Drivers = m.drivers(all)
	return i, errors.Join(failures...)
}

// maxWrittenDrivers bounds the drivers of one interval, of each kind and domain.
const maxWrittenDrivers = 200

// drivers are the packages and principals of an interval, those with the most requests of a domain first: in the catalog there
// may not be room for all. Those of domains that there are not are left out.
func (m *Meter) drivers(all map[driven]usage.Counters) []usage.Driver {
	var list []usage.Driver
	for d, sum := range all {
		if !m.known.hasDomain(d.domain) {
			continue
		}
		driver := usage.Driver{Hour: d.day, Domain: d.domain, Kind: usage.OfPrincipal, Name: d.principal, Counters: sum}
		if d.principal == "" {
			driver.Kind, driver.Name = usage.OfPackage, packageName(d.pkg)
		}
		list = append(list, driver)
	}
	requests := func(d usage.Driver) int64 { return d.Reads + d.Writes }
	slices.SortFunc(list, func(a, b usage.Driver) int {
		return cmp.Or(cmp.Compare(requests(b), requests(a)), cmp.Compare(b.Sent, a.Sent), strings.Compare(a.Name, b.Name))
	})
	type kind struct {
		domain artifact.DomainKey
		usage.Kind
	}
	written := map[kind]int{}
	rest := map[usage.Driver]usage.Counters{}
	kept := list[:0]
	for _, d := range list {
		of := kind{d.Domain, d.Kind}
		if d.Name != usage.Rest && written[of] < maxWrittenDrivers {
			written[of]++
			kept = append(kept, d)
			continue
		}
		sum := d.Counters
		d.Name, d.Counters = usage.Rest, usage.Counters{}
		rest[d] = rest[d].Plus(sum)
	}
	for _, d := range slices.SortedFunc(maps.Keys(rest), func(a, b usage.Driver) int {
		return cmp.Or(strings.Compare(a.Domain.Name, b.Domain.Name), strings.Compare(string(a.Kind), string(b.Kind)), cmp.Compare(a.Hour, b.Hour))
	}) {
		sum := rest[d]
		d.Counters = sum
		kept = append(kept, d)
	}
	return kept
}

// packageName writes a package as format/namespace/name, without a namespace as format/name.
func packageName(p artifact.PackageKey) string {
	if p.Name == usage.Rest {
		return usage.Rest
	}
	if p.Namespace == "" {
		return string(p.Format) + "/" + p.Name
	}
	return string(p.Format) + "/" + p.Namespace + "/" + p.Name
}
