"""tfjob-kit: one readable config becomes one Kubeflow TFJob, followed to one honest verdict.

Two programs live here. The launcher (everything but `runtime`) turns config into a TFJob and follows
it; it never imports TensorFlow. The runtime is what each replica runs; it never imports Kubernetes.
`contract` is all that they say to each other.
"""

__version__ = "0.1.0"
