using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Static;

/// <summary>Answers GET and HEAD with a file: 200, 206, 304, 412 or 416.</summary>
/// <param name="sender">Sends the body.</param>
/// <param name="maxAge">Freshness lifetime; zero = to be revalidated each time.</param>
/// <param name="time">The clock.</param>
internal sealed class StaticAnswer(FileSender sender, TimeSpan maxAge, TimeProvider time)
{
    private static readonly StringValues s_bytes = "bytes", s_nosniff = "nosniff", s_acceptEncoding = "Accept-Encoding";

    private readonly StringValues _cacheControl = maxAge <= TimeSpan.Zero
        ? "no-cache"
        : string.Create(CultureInfo.InvariantCulture, $"max-age={(long)maxAge.TotalSeconds}");

    /// <summary>The form of the file that the client likes best.</summary>
    public static Representation Choose(StaticFile file, IHeaderDictionary request)
    {
        if (!file.Negotiated || request.AcceptEncoding is not { Count: > 0 } accepted)
        {
            return file.Plain;
        }

        return AcceptEncoding.Choose(accepted.ToString(), file.Brotli is not null, file.Gzip is not null) switch
        {
            ContentCoding.Brotli => file.Brotli!,
            ContentCoding.Gzip => file.Gzip!,
            _ => file.Plain,
        };
    }

    /// <summary>Answers.</summary>
    /// <param name="exchange">The request, GET or HEAD, its answer untouched.</param>
    /// <param name="file">What to send.</param>
    /// <param name="form">In which form.</param>
    /// <param name="handle">The form, open; null when it has its content in memory.</param>
    public ValueTask SendAsync(Exchange exchange, StaticFile file, Representation form, SafeFileHandle? handle)
    {
        var request = exchange.Request.Headers;
        var isGet = exchange.Method == "GET";
        var condition = Preconditions.Evaluate(request, form, isGet, time);
        if (condition == Precondition.Failed)
        {
            return StatusPage.WriteAsync(exchange, StatusCodes.Status412PreconditionFailed);
        }

        var response = exchange.Response;
        var headers = response.Headers;
        exchange.BeginAnswer();
        headers.ETag = form.EntityTag;
        headers.LastModified = form.LastModifiedText;
        headers.CacheControl = _cacheControl;
        if (file.Negotiated)
        {
            headers.Vary = s_acceptEncoding;
        }

        if (condition == Precondition.NotModified)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return ValueTask.CompletedTask;
        }

        headers.XContentTypeOptions = s_nosniff;
        headers.AcceptRanges = s_bytes;
        if (condition == Precondition.MayBePartial
            && request.Range is { Count: 1 } range
            && RangeHeader.Parse(range[0], form.Length) is { } parts)
        {
            return SendPartsAsync(exchange, file, form, handle, parts);
        }

        headers.ContentType = file.ContentType;
        headers.ContentLength = form.Length;
        if (form.ContentEncoding.Count > 0)
        {
            headers.ContentEncoding = form.ContentEncoding;
        }

        return isGet && form.Length > 0 ? SendBodyAsync(exchange, form, handle, 0, form.Length) : ValueTask.CompletedTask;
    }

    private ValueTask SendBodyAsync(Exchange exchange, Representation form, SafeFileHandle? handle, long offset, long length) =>
        form.Content is { } content
            ? sender.SendBytesAsync(exchange, content.AsMemory((int)offset, (int)length))
            : sender.SendFileAsync(exchange, handle!, offset, length);

    private ValueTask SendPartsAsync(
        Exchange exchange, StaticFile file, Representation form, SafeFileHandle? handle, IReadOnlyList<ByteRange> parts)
    {
        var response = exchange.Response;
        var headers = response.Headers;
        if (parts.Count == 0)
        {
            headers.ContentRange = $"bytes */{form.Length}";
            return StatusPage.WriteAsync(exchange, StatusCodes.Status416RangeNotSatisfiable);
        }

        response.StatusCode = StatusCodes.Status206PartialContent;
        if (form.ContentEncoding.Count > 0)
        {
            headers.ContentEncoding = form.ContentEncoding;
        }

        if (parts.Count == 1)
        {
            var part = parts[0];
            headers.ContentType = file.ContentType;
            headers.ContentRange = part.ContentRange(form.Length);
            headers.ContentLength = part.Length;
            return SendBodyAsync(exchange, form, handle, part.First, part.Length);
        }

        var frame = new MultipartRanges(parts, form.Length, file.ContentType);
        headers.ContentType = frame.ContentType;
        headers.ContentLength = frame.Length;
        return SendMultipartAsync(exchange, form, handle, parts, frame);
    }

    private async ValueTask SendMultipartAsync(
        Exchange exchange, Representation form, SafeFileHandle? handle, IReadOnlyList<ByteRange> parts, MultipartRanges frame)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            await sender.SendBytesAsync(exchange, frame.Head(i));
            await SendBodyAsync(exchange, form, handle, parts[i].First, parts[i].Length);
        }

        await sender.SendBytesAsync(exchange, frame.Tail);
    }
}
