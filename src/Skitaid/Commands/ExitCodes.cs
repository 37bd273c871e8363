namespace Skitaid.Commands;

/// <summary>What commands exit with.</summary>
internal static class ExitCodes
{
    /// <summary>Done. From an instance: its end was wanted.</summary>
    public const int Done = 0;

    /// <summary>It did not work.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage, or a broken conf.</summary>
    public const int Usage = 2;

    /// <summary>From an instance: it asks to be started anew.</summary>
    public const int StartAnew = 3;
}
