// Package sigv4 verifies requests signed with AWS Signature Version 4, in the Authorization header or presigned in the
// query, for services that are not S3.
//
// It works in two steps, because the secret can only be looked up once the request has said whose it should be: Parse
// reads the claim a request makes and freezes the text that was signed, Verify holds that claim against a secret. A
// Claim is the only place an access key id comes from, and it cannot be made or changed outside this package.
//
// Where AWS is lenient and no SDK needs it, this package is strict: a header of the x-amz- family that is not signed, a
// query parameter given twice, or a plus sign in the query are refused, since signer and handler might read them
// differently. Source: IAM user guide, "Create a signed AWS API request"; the
// signers of botocore and aws-sdk-go-v2.
package sigv4
