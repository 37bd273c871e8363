namespace Skitai.Engine.Caching.Storage;

/// <summary>A request, as far as it selects among the answers that are kept for one key (RFC 9111 section 4.1).</summary>
internal interface IVariantSelector
{
    /// <summary>The canonical text of this request's values of those fields, as <see cref="StoredHead.Variant"/> has it.</summary>
    /// <param name="varyNames">The fields, lower case; never none.</param>
    string VariantOf(string[] varyNames);
}
