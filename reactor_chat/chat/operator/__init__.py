"""What the operator may have changed in the chat, each as a change that is judged like any other."""
