namespace Skitaid.Control;

/// <summary>A request that an app has held for long and still holds.</summary>
/// <param name="Request">Method, URL and transaction ids; one line.</param>
/// <param name="Seconds">For how long.</param>
internal sealed record SlowRequestFigures(string Request, double Seconds);
