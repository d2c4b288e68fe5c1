// A build like those of the sessions: Java only, so that no Scala is fetched besides the one that sbt runs on.
organization := "test.example.e2e"
name := "sbt"
version := "1"
autoScalaLibrary := false
crossPaths := false
managedScalaInstance := false
