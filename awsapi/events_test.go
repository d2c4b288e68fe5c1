package awsapi

import (
	"context"
	"net/http"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/delivery"
	"entrepot/events"
	"entrepot/iam"
)

// house is a delivery that answers what a test has written down, and for nothing refuses.
type house struct{ t *testing.T }

func (house) Happened(_ context.Context, _ iam.Caller, after int64) ([]events.Event, int64, error) {
	if after < 0 {
		return nil, 9, nil
	}
	return []events.Event{{Version: "0", ID: "i", Resources: []string{"arn"}, Detail: events.Detail{Sequence: after + 1}}}, after + 3, nil
}

func (house) Standings(context.Context, iam.Caller) ([]delivery.Standing, error) {
	return []delivery.Standing{{EventTarget: catalog.EventTarget{Name: "ci", Cursor: 7, Problem: "p", Disabled: true, FailingSince: at},
		DeliveryCounts: catalog.DeliveryCounts{Waiting: 2, Dead: 1}}, {EventTarget: catalog.EventTarget{Name: "log"}}}, nil
}

func (house) DeadLetters(_ context.Context, _ iam.Caller, target string, after int64) ([]delivery.DeadLetter, error) {
	if target != "ci" || after != 5 {
		return nil, artifact.Errorf(artifact.Denied, "no")
	}
	return []delivery.DeadLetter{{Delivery: catalog.Delivery{Sequence: 6, Attempts: 3, FailedAt: at, DeadAt: at, Problem: "p"}, Event: []byte(`{"a":1}`)}}, nil
}

func (house) Replay(_ context.Context, _ iam.Caller, target string, sequence int64) (int, error) {
	if target != "111122223333/r/t" || sequence != 0 {
		return 0, artifact.Errorf(artifact.NotFound, "no")
	}
	return 4, nil
}

func (h house) Enable(_ context.Context, _ iam.Caller, target string) error {
	if target != "ci" {
		h.t.Errorf("asked to enable %q", target)
	}
	return nil
}

var at = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func TestEventsAndTheirTargetsAreLookedAfter(t *testing.T) {
	s := begin(t, Options{Delivery: house{t}})
	s.sends("POST "+ListEventsPath, "", `{"events":[],"next":9}`)
	s.sends("POST "+ListEventsPath+"?after=0", "", `{"events":[{"version":"0","id":"i","detail-type":"","source":"","account":"","time":"0001-01-01T00:00:00Z",`+
		`"region":"","resources":["arn"],"detail":{"domainName":"","domainOwner":"","repositoryName":"","repositoryAdministrator":"","packageFormat":"",`+
		`"packageNamespace":null,"packageName":"","packageVersion":"","packageVersionState":"","packageVersionRevision":"","changes":{"assetsAdded":0,`+
		`"assetsRemoved":0,"metadataUpdated":false,"assetsUpdated":0,"statusChanged":false},"operationType":"","sequenceNumber":1,"eventDeduplicationId":""}}],"next":3}`)
	s.sends("POST "+EventTargetsPath, "", `{"targets":[{"name":"ci","cursor":7,"disabled":true,"waiting":2,"deadLetters":1,`+
		`"failingSince":"2026-11-29T12:00:00Z","problem":"p"},{"name":"log","cursor":0,"disabled":false,"waiting":0,"deadLetters":0}]}`)
	s.sends("POST "+DeadLettersPath+"?target=ci&after=5", "", `{"deadLetters":[{"sequenceNumber":6,"failedSince":"2026-11-29T12:00:00Z",`+
		`"givenUpAt":"2026-11-29T12:00:00Z","attempts":3,"problem":"p","event":{"a":1}}]}`)
	s.answers("POST "+DeadLettersPath+"?target=log", "", http.StatusForbidden)
	s.sends("POST "+ReplayEventsPath+"?target=111122223333/r/t", "", `{"events":4}`)
	s.answers("POST "+ReplayEventsPath+"?target=ci&sequence=1", "", http.StatusNotFound)
	s.sends("POST "+EnableEventTargetPath+"?target=ci", "", `{}`)
	for _, request := range []string{ListEventsPath + "?after=-1", ListEventsPath + "?after=1234567890123456789", DeadLettersPath,
		ReplayEventsPath + "?sequence=1", ReplayEventsPath + "?target=a%0Ab", EnableEventTargetPath} {
		s.answers("POST "+request, "", http.StatusBadRequest)
	}
}
