"""Who we are and where the API server is: kubeconfig files, a pod's account, and credentials made of them."""
