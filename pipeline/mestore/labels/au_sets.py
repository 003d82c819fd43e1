"""Action units that are predicted within one dataset; CD6ME's twelve are `mestore.aus.policies.TWELVE`."""

BY_READER = {
    "casme": (1, 4, 9, 14),
    "casme2": (1, 2, 4, 7, 12, 14, 15, 17),
    "samm": (2, 4, 7, 12),
    "mmew": (1, 2, 4, 5, 7, 10, 12, 14),
    "fourdme": (1, 2, 4, 6, 7, 12, 17, 45),
}
"""By dataset: the sets of MEB (tvaranka/meb, commit f731b0a, utils.py:338-358), which has none for CAS(ME)^3.
That of 4DME is its paper's own, units that more than ten clips show (X. Li et al. 2022, section 5.1.2)."""
