namespace Skitai.Engine.Tests;

/// <summary>Tests that look at the whole process: none of the others runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
