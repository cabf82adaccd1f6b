"""The Cognito front: speaks Cognito's protocol, passes calls on to ministack, and adds what ministack lacks.

Quotas, faults, latency, lost Regions and call counts (`control.py` lists the control API), Cognito's refusals
where ministack is lenient, and a count of every message that would have been sent. As a process of its own:

    python -m local.front --port 4567 --upstream http://127.0.0.1:4566

or inside another one: `Front` in an event loop, `BackgroundFront` in a thread of its own.

    server → hooks ← listing, attributes, aliases, confirmation, migration, recovery, groups, messages, homes,
                     pools, permission, pool_settings, branding, clients, mfa, identities, import_jobs,
                     replicas (features)
           → upstream (ministack), quotas, faults, calls, constraints, trail, control
"""

from local.front.background import BackgroundFront
from local.front.hooks import Feature, Hooks
from local.front.server import Front, FrontOptions

__all__ = ["BackgroundFront", "Feature", "Front", "FrontOptions", "Hooks"]
