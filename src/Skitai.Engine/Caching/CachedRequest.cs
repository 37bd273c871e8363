using Microsoft.AspNetCore.Http;
using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Caching;

/// <summary>A client's GET or HEAD, as the cache sees it. Belongs to its exchange, and ends with it.</summary>
internal sealed class CachedRequest : IVariantSelector
{
    private readonly CacheControl _control;
    private string[]? _names;
    private string _variant = "";

    /// <summary>Looks at a request.</summary>
    public CachedRequest(Exchange exchange)
    {
        Exchange = exchange;
        Key = CacheKey.Of(exchange);
        IsGet = exchange.Method == "GET";
        var fields = exchange.Request.Headers;
        _control = fields.CacheControl.Count > 0 || fields.Pragma.Count > 0 ? Reuse.DirectivesOf(fields) : new CacheControl();
    }

    /// <summary>The exchange.</summary>
    public Exchange Exchange { get; }

    /// <summary>The primary key.</summary>
    public string Key { get; }

    /// <summary>GET, not HEAD.</summary>
    public bool IsGet { get; }

    /// <summary>What it says.</summary>
    public ref readonly CacheControl Control => ref _control;

    /// <summary>Its fields.</summary>
    public IHeaderDictionary Fields => Exchange.Request.Headers;

    /// <summary>What of it decides whether its answer may be kept. Looks at all fields: not for hits.</summary>
    public RequestTraits Traits =>
        (IsGet ? RequestTraits.None : RequestTraits.OtherMethod)
        | (Fields.Authorization.Count > 0 ? RequestTraits.Authorization : RequestTraits.None)
        | (_control.Has(CacheDirectives.NoStore) ? RequestTraits.NoStore : RequestTraits.None)
        | (UnkeyedFields.AnyOf(Fields, Exchange.Connection.IsTrusted) ? RequestTraits.UnkeyedField : RequestTraits.None);

    /// <inheritdoc/>
    public string VariantOf(string[] varyNames)
    {
        if (!ReferenceEquals(_names, varyNames))
        {
            _variant = varyNames.Length == 0 ? "" : VariantText.Make(varyNames, Fields);
            _names = varyNames;
        }

        return _variant;
    }
}
