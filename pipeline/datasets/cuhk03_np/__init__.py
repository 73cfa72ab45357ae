"""CUHK03 under its new protocol (Zhong et al., 2017), for finding persons again by another camera."""
