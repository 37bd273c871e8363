using Skitai.Engine.Caching.Storage;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>A request with some fields.</summary>
internal sealed class Request(params (string Name, string Value)[] fields) : IVariantSelector
{
    public static readonly Request Plain = new();

    public string VariantOf(string[] varyNames)
        => string.Join('\n', varyNames.Select(name => name + ":" + fields.FirstOrDefault(field => field.Name == name).Value));
}
