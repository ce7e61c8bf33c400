understudy: the guest may not write to /tmp/guest-proc_links.C4YENG, which is in no volume: add --volume /tmp or --allow-unreplicated-writes /tmp/guest-proc_links.C4YENG
understudy: protected by 127.0.0.1:21110
proc_links: FAILED: scratch.h:26: mkdtemp(path) != NULL (errno 30)
