// Package suite holds an endpoint of the CodeArtifact API against AWS's service model and user guide: every member of every
// operation at its limits, every declared error, every answer's shape, paging, tags and tokens. The same cases go through
// clients that must agree: the AWS SDK for Go, boto3, the aws command line, and requests written by hand from the model.
//
// limits.go makes cases of the model, written*.go hold those that somebody had to think of. Clients only send and read;
// what is right is judged here, once.
package suite
