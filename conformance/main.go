// Command conformance holds an endpoint of the CodeArtifact API against AWS's service model and user guide, through the AWS SDK
// for Go, boto3, the aws command line and requests of its own, and prints what it has tried and what failed.
//
//	go run ./conformance -endpoint https://packages.example.test
//
// Credentials are those of the AWS profile that the environment names: of somebody who may do everything with CodeArtifact in an
// account, and call sts:GetFederationToken. It makes domains of its own and deletes them again, and touches
// nothing else. docs/conformance.md tells more.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"entrepot/awsclient"
	"entrepot/conformance/suite"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// run does what the arguments say. It fails when a case does.
func run(ctx context.Context, args []string, getenv func(string) string) error {
	o, err := options(args, getenv)
	if err != nil {
		return err
	}
	report, err := suite.Run(ctx, o)
	if report != nil {
		err = errors.Join(err, report.Print(os.Stdout))
		if len(report.Failures) > 0 {
			err = errors.Join(err, fmt.Errorf("%d cases failed", len(report.Failures)))
		}
	}
	return err
}

// amazon is what stands for AWS's own endpoint. Nobody gets there without saying so.
const amazon = "aws"

func options(args []string, getenv func(string) string) (suite.Options, error) {
	var o suite.Options
	f := flag.NewFlagSet("conformance", flag.ContinueOnError)
	endpoint := f.String("endpoint", "", "URL of the API; else that of the AWS profile; "+amazon+" for AWS's own")
	f.StringVar(&o.STS, "sts-endpoint", getenv("AWS_ENDPOINT_URL_STS"), "URL of STS; none for the endpoint's, or AWS's own")
	region := f.String("region", "", "region; else that of the AWS profile")
	clients := f.String("clients", "own,sdk,bot", "which clients call: own, sdk (Go), bot (boto3), cli (aws)")
	f.StringVar(&o.Python, "python", "python3", "interpreter that finds boto3")
	f.StringVar(&o.Public, "public", "", "NAME@VERSION that the connection public:npmjs has; none to fetch nothing from outside")
	f.BoolVar(&o.Strict, "strict", false, "try too what no document of AWS's says and Entrepot does")
	f.BoolVar(&o.Deep, "deep", false, "try odd characters in every text: ten thousand requests more")
	f.BoolVar(&o.Throttling, "throttling", false, "try rates only: the endpoint is set to admit few requests a second")
	f.Float64Var(&o.PerSecond, "rate", 0, "requests a second at most; 0 for any number")
	f.IntVar(&o.Domains, "domains", 5, "domains that may be there at a time; one for all clients and one each are needed")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", f.Arg(0))
	}
	said := map[string]string{"AWS_ENDPOINT_URL_CODEARTIFACT": *endpoint, "AWS_REGION": *region}
	variable := func(name string) string { return cmp.Or(said[name], getenv(name)) }
	profile, err := awsclient.FromEnvironment(variable).Load(variable)
	if err != nil {
		return o, err
	}
	o.Clients, o.Region, o.Bundle = strings.Split(*clients, ","), profile.Region, profile.Bundle
	if profile.Endpoint != amazon {
		o.URL = profile.Endpoint
	}
	o.Key = suite.Key{ID: profile.Signer.KeyID, Secret: profile.Signer.Secret.Reveal(), Session: profile.Signer.Session.Reveal()}
	return o, nil
}
