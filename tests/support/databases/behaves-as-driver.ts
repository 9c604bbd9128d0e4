import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";
import { DriverInUse, type DriverUnderTest } from "./contract/driver-in-use.ts";
import { relatedRowsAreExact } from "./contract/exact-relations.ts";
import { valuesAreOurs } from "./contract/foreign-settings.ts";
import { nothingIsLeftBehind } from "./contract/left-behind.ts";
import { lossesAreTold } from "./contract/losses.ts";
import { recordsAreKept } from "./contract/records.ts";
import { transactionsKeepApart } from "./contract/side-by-side.ts";
import { transactionsHold } from "./contract/transactions.ts";
import { valuesTravel } from "./contract/values.ts";

/** Runs the suite of what the engine relies on in every database against one kind of database. */
export function behavesAsDriver(name: string, subject: DriverUnderTest): void {
  describe(`${name} behaves as a driver`, () => {
    const use = new DriverInUse(subject);
    beforeAll(() => use.open());
    beforeEach(() => use.reset());
    afterEach(() => use.leaveNothing());
    afterAll(() => use.close());

    transactionsHold(use);
    valuesTravel(use);
    valuesAreOurs(use);
    relatedRowsAreExact(use);
    transactionsKeepApart(use);
    nothingIsLeftBehind(use);
    lossesAreTold(use);
    recordsAreKept(use);
  });
}
