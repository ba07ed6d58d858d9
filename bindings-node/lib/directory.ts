import { Data } from "./data.js";

/** A coin that the store takes. */
export class AcceptedCoin extends Data {
  /** For instance `bitcoin`. */
  declare readonly name: string;
  /** For instance `btc`. */
  declare readonly shortcut: string;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** A coin that the gateway knows. */
export class Coin extends Data {
  /** For instance `Tether`. */
  declare readonly name: string;
  /** For instance `USDT`. */
  declare readonly shortcut: string;
  /** The token contract, for coins that are one. */
  declare readonly contractAddress: string | null;
  /** The EVM chain id, where there is one. */
  declare readonly chainId: number | null;
  /** For instance `TRC20`. */
  declare readonly network: string | null;
  /** Whether it lives on a test network and is worth nothing. */
  declare readonly isTest: boolean;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** How far the gateway has read a coin's chain. */
export class LastBlock extends Data {
  /** The coin's id: 64 bits, hence a string. */
  declare readonly coinId: string;
  /** The coin's name. */
  declare readonly coinName: string;
  /** Height of the last block read. */
  declare readonly height: number;
  /** When it was read, as the gateway writes it. */
  declare readonly time: string;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** What one coin costs. */
export class CoinPrice extends Data {
  /** The coin's id: 64 bits, hence a string. */
  declare readonly id: string;
  /** The coin's name. */
  declare readonly name: string;
  /** For instance `BTC`. */
  declare readonly shortcut: string;
  /** In major units of the currency, for instance `"64123.5"`. */
  declare readonly price: string;
  /** The currency asked for. */
  declare readonly currency: string;
  /** Change over 24 hours, where it was asked for. */
  declare readonly change24h: string | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** A currency that prices can be given in. */
export class Currency extends Data {
  /** The currency's id: 64 bits, hence a string. */
  declare readonly id: string;
  /** For instance `USD`. */
  declare readonly title: string;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** A language of the hosted page. */
export class Language extends Data {
  /** In English. */
  declare readonly name: string;
  /** In the language itself. */
  declare readonly displayName: string;
  /** What `createPayment` takes, for instance `en-US`. */
  declare readonly culture: string;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** What the gateway says of itself. */
export class Info extends Data {
  /** The API's version. */
  declare readonly version: string;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** The merchant that the API key belongs to. */
export class Merchant extends Data {
  /** The store's name. */
  declare readonly name: string;
  /** Whether the store can take payments. */
  declare readonly isActive: boolean;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}
