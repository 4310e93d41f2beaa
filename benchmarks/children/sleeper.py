"""A job that takes no processor, whatever its words: what it takes longer than its sleep is the launcher's."""

import time

SECONDS = 0.5

if __name__ == "__main__":
    time.sleep(SECONDS)
