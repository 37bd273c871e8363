namespace Skitaid.FunctionalTests.Hostile;

/// <summary>A <see cref="HostileSite"/> on which nothing but response_timeout is short: whom it ends, that has ended.</summary>
public sealed class PatientHostileSite() : HostileSite("header_timeout = 10m\nkeep_alive = 10m");
