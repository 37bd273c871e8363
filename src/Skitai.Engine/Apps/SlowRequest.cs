namespace Skitai.Engine.Apps;

/// <summary>A request that an app has held for long and still holds.</summary>
/// <param name="Description">Method, URL and transaction ids; one line.</param>
/// <param name="Pid">The worker that holds it.</param>
/// <param name="Age">For how long, waits for the client not counted.</param>
public sealed record SlowRequest(string Description, int Pid, TimeSpan Age);
