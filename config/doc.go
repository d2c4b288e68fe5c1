// Package config holds every setting of the server in one struct. A setting comes from, in rising precedence: the
// default, a YAML file, an environment variable, a command-line flag. The names of the last two follow from the YAML
// key: limits.max_asset is ENTREPOT_LIMITS_MAX_ASSET and --limits-max-asset. Unknown and repeated keys are refused.
//
// example.yaml documents all of them with their defaults.
package config
