namespace Skitaid.FunctionalTests.Harness;

/// <summary>Tests of promises in seconds: none of the others runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
