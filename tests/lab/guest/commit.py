"""Runs in the modality: asks the archive to commit to instances (N-ACTION, PS3.4 J.3.2); prints {"transaction",
"status"} as JSON.

Standard input: a JSON list of [SOP Class UID, SOP Instance UID]. The answer comes later, to the modality's own server.
"""

from __future__ import annotations

import argparse
import json
import sys

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--calling", required=True)
    parser.add_argument("--called", required=True)
    options = parser.parse_args()

    request = Dataset()
    request.TransactionUID = generate_uid()
    request.ReferencedSOPSequence = []
    for sop_class, instance in json.load(sys.stdin):
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, instance
        request.ReferencedSOPSequence.append(reference)
    entity = AE(ae_title=options.calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    entity.connection_timeout = 10
    entity.add_requested_context(StorageCommitmentPushModel)
    association = entity.associate(options.host, options.port, ae_title=options.called)
    if not association.is_established:
        sys.exit(f"no association with {options.called} at {options.host}:{options.port}")
    sop = StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    answer, _data = association.send_n_action(request, 1, *sop)
    association.release()
    json.dump({"transaction": str(request.TransactionUID), "status": answer.get("Status")}, sys.stdout)


if __name__ == "__main__":
    main()
