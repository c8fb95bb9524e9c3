"""A real Kubernetes control plane with the real training-operator on loopback, for tests and for trying.

Owns building the programs, starting and stopping them, the certificates and objects that they need, fake
nodes whose pods do what a test says, and the kubelet's part of `pods/log`. Must not know the code under test;
only `acting` speaks its line format. Standard library, PyYAML and the `openssl` command.
"""
