namespace Skitaid.FunctionalTests.Harness;

/// <summary>What a command left behind.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Everything it printed.</summary>
    public string All => Output + Errors;

    public override string ToString() => $"exit {ExitCode}\n{Output}\n{Errors}";
}
