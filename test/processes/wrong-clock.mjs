/** Loaded before the program (`node --import`): a machine whose clock is `CLOCK_OFF` seconds off. */
const off = Number(process.env.CLOCK_OFF) * 1000;
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...values) {
    super(...(values.length === 0 ? [RealDate.now() + off] : values));
  }

  static now() {
    return RealDate.now() + off;
  }
};
