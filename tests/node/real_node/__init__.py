"""One real node for the test cluster: containerd, kubelet, CNI and CoreDNS, on which pods really run.

Owns the node's namespaces, its link to the control plane, its settings and images, and that nothing of it is
left when it ends. Must not know the code under test, but for where the runtime lies that its image holds.
Needs Linux, root and a few packages of Debian. Standard library, and `harness` for the control plane.
"""
