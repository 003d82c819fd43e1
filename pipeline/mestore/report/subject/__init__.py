"""Subject: the page of a subject, and the pictures of its clips."""
