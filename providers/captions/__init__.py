"""Services that describe a picture in words and do nothing else, one file each; chat models that see describe pictures themselves."""
